"""Python programs in processes of their own, which say on stdout what the test has to know.

Each begins with `PRELUDE`: `DSN` is the address that the test gave it, and `say("sent", event_id)` writes a line in one
piece, so that the lines of several processes don't mix.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from raven.testing.process import poll
from tests.secrets import shown_in

TIMEOUT = 30.0
"""Seconds after which a program hangs, and is killed. Only a test that fails takes that long."""

PRELUDE = """\
import os, posix, sys, threading, time
from raven import Client

DSN = os.environ["TEST_DSN"]


def say(*words):
    posix.write(1, (" ".join(map(str, words)) + "\\n").encode())  # os.write may be patched, and wait


def sent(client, count, who="sent"):
    for number in range(count):
        say(who, client.capture_message(f"{who} {number}"))


def threads():
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else threading.active_count()


"""

# Whatever would change how the program runs, or where it sends.
_NOT_INHERITED = (
    "SENTRY_",
    "RAVEN_",
    "PYTHON",
    "COV",
    "GUNICORN_",
    "HTTP_",
    "HTTPS_",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT",
    "REQUESTS_CA",
)


@dataclass(frozen=True)
class Ended:
    """What is left of a program. `lines` are what it said: the first word, and the rest."""

    code: int
    lines: list[tuple[str, str]]
    stderr: str
    at: float
    """When it ended, on the monotonic clock, which all processes share."""

    def said(self, word: str) -> list[str]:
        """The rest of all the lines that begin with that word."""
        return [rest for first, rest in self.lines if first == word]

    @property
    def complaints(self) -> list[str]:
        """The lines on stderr, but for the one that says what the exit waits for, which it does on a busy machine."""
        return [line for line in self.stderr.splitlines() if not line.startswith("raven: delivering ")]

    @property
    def exit_seconds(self) -> float:
        """How long it took to exit, once it had said `exits` with the time."""
        (said,) = self.said("exits")
        return self.at - float(said)


class Program:
    """A program that runs. Warnings are errors in it, but for Python's own about threads and forks.

    `first` is what comes before `PRELUDE`, which imports Raven.
    """

    def __init__(
        self, source: str, dsn: str, folder: Path, *, stderr: bool = True, name: str = "program", first: str = ""
    ) -> None:
        path = folder / f"{name}.py"
        path.write_text(f"{first}\n{PRELUDE}{textwrap.dedent(source)}", encoding="utf-8")
        command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", str(path)]
        if not stderr:
            command = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *command]
        self._lines: list[tuple[str, str]] = []
        self._heard: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._stderr_path = folder / f"{name}.err"
        with open(self._stderr_path, "wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=environment({"TEST_DSN": dsn}),
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._watchdog = threading.Timer(TIMEOUT, self._kill_group)
        self._watchdog.daemon = True
        self._watchdog.start()

    def wait_for(self, word: str) -> str:
        """Wait until the program says that, and return the rest of the line."""
        while (line := self._heard.get()) is not None:
            self._lines.append(line)
            if line[0] == word:
                return line[1]
        raise AssertionError(f"the program ended and did not say {word}: {self._stderr()}")

    def wait_for_stderr(self, text: str) -> None:
        """Wait until the program has written that."""
        assert poll(lambda: text in self._stderr() or None, TIMEOUT), f"it is not in {self._stderr()!r}"

    def go_on(self) -> None:
        """Write the line that the program waits for on stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> Ended:
        """Wait for the end of the program, and of all that it has forked."""
        code = self.process.wait()
        at = time.monotonic()
        while (line := self._heard.get()) is not None:
            self._lines.append(line)
        assert not shown_in(f"{self._lines} {self._stderr()}")
        return Ended(code, self._lines, self._stderr(), at)

    def kill(self) -> None:
        """Leave nothing behind, its forks included."""
        self._watchdog.cancel()
        self._kill_group()
        self.process.wait()
        self._listener.join()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            first, _, rest = line.decode().strip().partition(" ")
            self._heard.put((first, rest))
        self._heard.put(None)

    def _stderr(self) -> str:
        return self._stderr_path.read_text(encoding="utf-8", errors="replace")


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_NOT_INHERITED)}
    return kept | dict(more)
