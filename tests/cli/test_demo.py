"""`raven demo`: an error's whole way, to a real server and back."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from raven.cli import demo, main
from raven.cli.demo import DemoError, describe
from raven.testing.bugsink import Bugsink
from raven.testing.process import poll

ROOT = Path(__file__).resolve().parents[2]


def test_without_the_server_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "bugsink", None)
    assert main(["demo"]) == 3
    assert 'pip install "raven[demo]"' in capsys.readouterr().out


def test_the_command_shows_the_error_as_the_server_has_it() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "SENTRY_DSN": "http://wrong@127.0.0.1:9/1"}
    ran = subprocess.run(
        [sys.executable, "-m", "raven", "demo"], capture_output=True, text=True, timeout=110, env=environment
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    assert "OrderError: order 2026-118 has no usable price" in ran.stdout
    assert "ValueError: could not convert string to float: '4,20'" in ran.stdout
    assert re.search(r"> +\d+ +return round\(float\(price\) \* 100\)", ran.stdout)
    assert "K\\xe4sestange" in ran.stdout
    assert "price = '4,20'" in ran.stdout
    address = re.search(r"serves at http://127\.0\.0\.1:(\d+)", ran.stdout)
    assert address is not None
    assert not listens(int(address[1]))


def listens(port: int) -> bool:
    """Whether a server is there."""
    import socket

    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def kept() -> Iterator[subprocess.Popen[str]]:
    line = [sys.executable, "-u", "-m", "raven", "demo", "--keep"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process
        if process.poll() is None:
            process.kill()


def test_with_keep_it_stays_until_ctrl_c_and_leaves_no_process(kept: subprocess.Popen[str]) -> None:
    assert kept.stdout is not None
    before = ""
    for line in kept.stdout:
        before += line
        if "Ctrl-C stops the server" in line:
            break
    address = re.search(r"serves at http://127\.0\.0\.1:(\d+)", before)
    assert address is not None, before
    assert re.search(r"Log in as \S+ with the password \S+", before)
    assert listens(int(address[1]))
    descendants = children(kept.pid)
    assert descendants
    kept.send_signal(signal.SIGINT)
    after, _ = kept.communicate(timeout=30)
    assert kept.returncode == 0, after
    assert "Stopped." in after
    assert "Traceback" not in after
    assert not listens(int(address[1]))
    # A process that was killed is there until it has been reaped by whoever inherited it.
    assert poll(lambda: None if any(Path(f"/proc/{pid}").exists() for pid in descendants) else True, 5.0)


def children(pid: int) -> list[int]:
    """The processes that one has started, and those that they have."""
    own = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(each) for each in own.read_text().split()] if own.exists() else []
    return [*found, *(each for child in found for each in children(child))]


# Its steps, against the server that the tests share


class Spoken(list[str]):
    """What was said."""

    def __call__(self, text: str) -> None:
        self.append(text)


def test_a_program_that_fails_ends_the_demo(bugsink: Bugsink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    monkeypatch.setattr(demo, "_PROGRAM", program)
    program.write_text("import sys; print('out'); sys.exit('no luck')")
    with pytest.raises(DemoError, match="exit code 1:\nout\nno luck"):
        demo._demonstrate(bugsink, Spoken())


def test_a_program_that_reports_nothing_ends_the_demo(
    bugsink: Bugsink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    monkeypatch.setattr(demo, "_PROGRAM", program)
    program.write_text("print('all is well')")
    said = Spoken()
    with pytest.raises(DemoError, match="has not reported an event"):
        demo._demonstrate(bugsink, said)
    assert said[-1] == "   | all is well"


def test_the_program_sees_no_settings_but_ours(
    bugsink: Bugsink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    monkeypatch.setattr(demo, "_PROGRAM", program)
    monkeypatch.setenv("SENTRY_RELEASE", "hidden")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program.write_text(
        "import os, raven\nprint(*(each for each in sorted(os.environ) if each.startswith(('SENTRY', 'RAVEN'))))\n"
        "print(raven.__file__)"
    )
    said = Spoken()
    with pytest.raises(DemoError, match="has not reported an event"):
        demo._demonstrate(bugsink, said)
    assert said[-2:] == ["   | SENTRY_DSN", f"   | {ROOT / 'raven' / '__init__.py'}"]


class NoStart(Bugsink):
    """A server that can't start."""

    error: BaseException = OSError("no room")

    def start(self) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError("no room"), "The demo failed: no room"), (KeyboardInterrupt(), "Interrupted.")],
    ids=["failure", "Ctrl-C"],
)
def test_whatever_goes_wrong_is_said_and_ends_with_1(
    error: BaseException, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "Bugsink", NoStart)
    monkeypatch.setattr(NoStart, "error", error)
    out = io.StringIO()
    assert demo.run(False, out) == 1
    assert out.getvalue().endswith(f"\n{said}\n")


class Ended(Bugsink):
    """A server that has ended by itself."""

    username = password = "x"

    def wait(self) -> int:
        return 7


def test_a_server_that_ends_by_itself_is_no_success() -> None:
    with pytest.raises(DemoError, match="ended by itself, with exit code 7"):
        demo._finish(Ended(), True, Spoken())


@pytest.mark.parametrize("event", [{}, {"exception": None}, {"exception": {}}, {"exception": {"values": []}}])
def test_an_event_without_an_exception_can_not_be_described(event: dict[str, Any]) -> None:
    with pytest.raises(DemoError, match="holds no exception"):
        list(describe(event))


def test_an_event_is_described_with_whatever_it_has() -> None:
    frame = {
        "filename": "a.py",
        "lineno": 10,
        "function": "f",
        "pre_context": ["before"],
        "context_line": "here",
        "post_context": ["after"],
        "vars": {"text": "'x'", "many": ["ö"], "long": "y" * 200},
    }
    values = [
        {"type": "KeyError", "value": "1", "stacktrace": {"frames": [frame]}},
        {"type": "ValueError", "value": "2", "stacktrace": {"frames": [{"abs_path": "/b.py", "function": "g"}]}},
        {"type": "TypeError", "value": "3"},
    ]
    assert list(describe({"exception": {"values": values}})) == [
        "KeyError: 1",
        "  a.py:10 in f",
        "         9 before",
        "    >   10 here",
        "        11 after",
        "           text = 'x'",
        '           many = ["ö"]',
        "           long = " + "y" * 100 + " ...",
        "",
        "which led to",
        "",
        "ValueError: 2",
        "  /b.py:0 in g",
        "",
        "which led to",
        "",
        "TypeError: 3",
        "",
    ]
