"""The examples, run as a user would: real servers have their events."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import pytest

from raven.testing.bugsink import Bugsink
from raven.testing.kent import Kent
from raven.testing.process import poll
from tests.process.program import TIMEOUT, environment

EXAMPLES = Path(__file__).parent / "examples"
PROGRAMS = {
    "plain_script": "ValueError",
    "threads": "ValueError",
    "gevent_workers": "ValueError",
    "gevent_patched": "URLError",
    "eventlet_pool": "URLError",
    "asyncio_service": "ValueError",
}
"""Those that end by themselves, and what they capture."""
SERVERS = ["tornado_web", "twisted_server"]
"""Those that serve until they are told to end."""


@pytest.fixture(params=["bugsink", "kent"])
def server(request: pytest.FixtureRequest) -> Bugsink | Kent:
    """Each real server."""
    running: Bugsink | Kent = request.getfixturevalue(request.param)
    return running


class Running:
    """An example that runs. Its events are told from others by their release."""

    def __init__(self, name: str, server: Bugsink | Kent, *arguments: str) -> None:
        self._server = server
        self._release = uuid.uuid4().hex
        self._before = set(server.events())
        # Eventlet warns everyone who imports it of its own end.
        command = [sys.executable, "-W", "error", "-W", "ignore::Warning:__main__", str(EXAMPLES / f"{name}.py")]
        variables = {"SENTRY_DSN": f"{server.dsn}?timeout=10", "SENTRY_RELEASE": self._release}
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(variables),
        )

    def end(self) -> str:
        """Wait for its end, which must be a good one, and return what it wrote to stderr."""
        try:
            _, stderr = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert self.process.returncode == 0, stderr
        return stderr

    def event(self) -> dict[str, Any]:
        """The one event that it has captured."""

        def find() -> list[dict[str, Any]] | None:
            new = [self._server.event(event_id) for event_id in self._server.events() if event_id not in self._before]
            return [event for event in new if event.get("release") == self._release] or None

        found = poll(find, TIMEOUT)
        assert found is not None, "there is no event of the example's"
        (event,) = found
        return event


def last_exception(event: dict[str, Any]) -> tuple[str, str]:
    """Its class, and the file it was raised through last that is an example."""
    raised = event["exception"]["values"][-1]
    files = [os.path.basename(frame["abs_path"]) for frame in raised["stacktrace"]["frames"]]
    return raised["type"], next(name for name in reversed(files) if (EXAMPLES / name).exists())


def test_each_example_is_tested() -> None:
    others = {"__init__", "httpcore_sink"}  # which is no program, and has a test of its own
    assert {*PROGRAMS, *SERVERS} == {path.stem for path in EXAMPLES.glob("*.py")} - others


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_delivers(server: Bugsink | Kent, name: str) -> None:
    running = Running(name, server)
    stderr = running.end()
    assert last_exception(running.event()) == (PROGRAMS[name], f"{name}.py")
    assert "raven" not in stderr


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_a_server_delivers(server: Bugsink | Kent, name: str, number: signal.Signals) -> None:
    running = Running(name, server, "0")
    assert running.process.stdout is not None
    address = running.process.stdout.readline().strip()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as answer:
        opener.open(address, timeout=TIMEOUT)
    assert answer.value.code == 500
    answer.value.close()
    running.process.send_signal(number)
    running.end()
    assert last_exception(running.event()) == ("ValueError", f"{name}.py")
