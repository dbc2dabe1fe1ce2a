"""Kent as a test server, and what it shares with Bugsink: how a server starts, fails and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from raven.errors import MissingDependency
from raven.testing.kent import Kent
from raven.testing.process import EventNotFound, ServerError, poll

Post = Callable[..., str]
ROOT = Path(__file__).resolve().parents[2]


class Scripted(Kent):
    """A server that is only the given Python code."""

    code = ""

    def _command(self, listener: int) -> list[str]:
        return [sys.executable, "-c", self.code, str(listener)]


class Broken(Scripted):
    code = "import os, sys; print('no luck today', sorted(os.environ)); sys.exit(3)"


class Silent(Scripted):
    code = "import time; print('I am thinking', flush=True); time.sleep(600)"


class Stubborn(Scripted):
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{Kent(port=0)._command(0)[2]}"


def assert_gone(group: int) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.parametrize("store", [False, True], ids=["envelope", "store"])
def test_reads_back_what_was_posted(kent: Kent, post_event: Post, store: bool) -> None:
    event_id = post_event(kent.dsn, {"message": "größer"}, store=store)
    assert kent.event(event_id)["message"] == "größer"
    assert kent.event(str(uuid.UUID(event_id)))["event_id"] == event_id
    assert event_id in kent.events()


def test_clear_forgets(kent: Kent, post_event: Post) -> None:
    event_id = post_event(kent.dsn, {"message": "gone soon"})
    kent.clear()
    assert kent.events() == []
    with pytest.raises(EventNotFound, match=event_id):
        kent.event(event_id, timeout=0.05)


def test_an_id_of_another_form_is_refused(kent: Kent) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        kent.event("latest")


def test_stop_leaves_nothing() -> None:
    with Kent() as server:
        group, folder = server.pid, server.folder
        assert group is not None
        assert folder.stat().st_mode & 0o077 == 0
    assert_gone(group)
    assert not folder.exists()
    server.stop()
    with pytest.raises(ServerError, match="not started"):
        _ = server.dsn


def test_starts_again_after_stop(post_event: Post) -> None:
    server = Kent()
    for _ in range(2):
        with server:
            assert server.events() == []
            post_event(server.dsn, {"message": "hello"})
            with pytest.raises(ServerError, match="already"):
                server.start()


def test_a_server_that_ignores_the_signal_is_killed() -> None:
    with Stubborn() as server:
        group = server.pid
        assert group is not None
    assert_gone(group)


def test_a_given_folder_stays_and_a_given_port_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Kent(folder=tmp_path / "new", port=port) as server:
        assert server.url == f"http://127.0.0.1:{port}"
    assert (tmp_path / "new" / "server.log").exists()


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Kent(port=taken.getsockname()[1]).start()


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kent", None)
    with pytest.raises(MissingDependency, match="pip install"):
        Kent().start()


def test_death_at_the_start_shows_the_log_and_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://key@example.org/1")
    server = Broken()
    with pytest.raises(ServerError, match="exit code 3") as raised:
        server.start()
    assert "no luck today" in str(raised.value)
    assert "SENTRY_DSN" not in str(raised.value)
    assert server.pid is None


def test_a_server_that_never_answers_is_given_up() -> None:
    with pytest.raises(ServerError, match=r"does not answer after 0\.6 s(?s:.)*I am thinking"):
        Silent(start_timeout=0.6).start()


def test_a_server_that_dies_later_is_reported() -> None:
    with Kent() as server:
        assert server.pid is not None
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        with pytest.raises(ServerError, match="ended with exit code -9"):
            server.event(uuid.uuid4().hex)


def test_a_fork_does_not_stop_it(kent: Kent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)
    kent.stop()
    monkeypatch.undo()
    assert kent.request("GET", kent.ready_path)[0] == 200


def test_it_dies_with_the_process_that_started_it() -> None:
    code = """
import os, signal
from raven.testing.kent import Kent
server = Kent().start()
print(server.folder, server.url.rpartition(":")[2], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    folder, port = killed.stdout.split()

    def gone() -> bool | None:
        with socket.socket() as caller:
            refused = caller.connect_ex(("127.0.0.1", int(port))) != 0
        return True if refused and not Path(folder).exists() else None

    assert poll(gone, 10.0)
