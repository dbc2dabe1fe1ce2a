"""A server program on loopback that lives no longer than the process that started it.

What `raven.testing.bugsink` and `raven.testing.kent` have in common. The port is bound here and the
listening socket handed down, so that nobody else can take it meanwhile. Everything the server writes
goes to one folder, its log included; a folder of our own making is removed at the end.

POSIX only, for file descriptors are handed down and process groups ended.
"""

from __future__ import annotations

import atexit
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ..errors import MissingDependency, RavenError
from . import supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

T = TypeVar("T")

HOST = "127.0.0.1"
_LOG_TAIL = 4_000  # bytes of the log that an error message quotes

# Settings of the calling program that would change how the server runs, have it report its own
# errors to the program's error tracker, or count its lines in the program's test coverage.
_NOT_INHERITED = ("SENTRY_", "RAVEN_", "DJANGO_", "GUNICORN_", "FLASK_", "KENT_", "COV", "PYTHONWARNINGS")


class ServerError(RavenError):
    """The server did not start, has ended, or answered something unexpected."""


class EventNotFound(ServerError):
    """The server has no event of that id, after all the waiting asked for."""


def poll(condition: Callable[[], T | None], timeout: float, interval: float = 0.02) -> T | None:
    """Return what `condition` returns as soon as that is not None; None when `timeout` seconds passed.

    `interval` is the pause between two calls, in seconds. `condition` is called at least once.
    """
    deadline = time.monotonic() + timeout
    while (found := condition()) is None and time.monotonic() < deadline:
        time.sleep(interval)
    return found


class LocalServer(ABC):
    """A server to test against; use as a context manager, or `start()` and `stop()` it.

    `folder` is where the server keeps its files; by default a temporary one, removed at `stop()`.
    `port` 0, the default, takes a free one. `start_timeout` is how long `start()` waits, in seconds.
    """

    name: ClassVar[str]
    extra: ClassVar[str]  # what of Raven's extras installs its packages
    packages: ClassVar[tuple[str, ...]]  # the packages it needs, by the name they are imported with
    ready_path: ClassVar[str]  # answers 200 as soon as the server serves
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, *, folder: Path | None = None, port: int = 0, start_timeout: float = 60.0) -> None:
        self._wanted_folder = folder
        self._wanted_port = port
        self._start_timeout = start_timeout
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0  # 0 while it is not started
        self._owner = 0  # the process that may stop it: a fork of that one must not

    @abstractmethod
    def _command(self, listener: int) -> list[str]:
        """What to run; it serves on the listening socket `listener`, a file descriptor."""

    @abstractmethod
    def _find(self, event_id: str) -> dict[str, Any] | None:
        """The event of that id (32 hex digits), or None while the server does not have it."""

    def _started(self) -> None:  # noqa: B027  a hook that may stay empty
        """Called once the server answers."""

    def _environment(self) -> dict[str, str]:
        """The environment variables of the server."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        return kept | {"TMPDIR": str(self.folder)}

    @property
    def folder(self) -> Path:
        """Where the server keeps its files. Raises ServerError when it is not started."""
        if self._folder is None:
            raise ServerError(f"{self.name} is not started")
        return self._folder

    @property
    def url(self) -> str:
        """Address for the browser, without a slash at the end. Raises ServerError when not started."""
        if self._port == 0:
            raise ServerError(f"{self.name} is not started")
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """Id of the process group the server runs in; None when it is not started."""
        return None if self._process is None else self._process.pid

    def start(self) -> Self:
        """Start the server and return once it answers.

        Raises MissingDependency when its package is not installed; ServerError, with the end of its log,
        when it ends or does not answer in time; OSError when `port` is taken.
        """
        if self._process is not None:
            raise ServerError(f"{self.name} is already started")
        if any(importlib.util.find_spec(package) is None for package in self.packages):
            raise MissingDependency(self.packages[0], f"the server {self.name}", self.extra)
        self._owner = os.getpid()
        atexit.register(self.stop)
        try:
            self._folder = self._make_folder()
            self._launch()
            if poll(self._answers, self._start_timeout) is None:
                raise ServerError(self._story(f"does not answer after {self._start_timeout:g} s"))
            self._started()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server, and remove its folder if it is a temporary one. Harmless when not started."""
        if self._owner != os.getpid():
            return
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is not None:
            supervisor.end(process)
        self._port = 0
        if self._folder is not None and self._wanted_folder is None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self) -> int:
        """Block until the server ends by itself; return its exit code."""
        self.url  # noqa: B018  raises when not started
        assert self._process is not None
        while True:
            time.sleep(0.1)  # here a Ctrl-C does no harm; in Popen.wait it may be missed, or leave a lock behind
            if (code := self._process.poll()) is not None:
                return code

    def event(self, event_id: str, timeout: float = 10.0) -> dict[str, Any]:
        """The event of that id as the server has it, waiting up to `timeout` seconds for it.

        `event_id` is 32 hex digits, with or without dashes (ValueError otherwise). Raises EventNotFound
        when the event does not come, ServerError when the server is gone.
        """
        wanted = uuid.UUID(event_id).hex
        found = poll(lambda: self._find(wanted) if self._check_alive() else None, timeout)
        if found is None:
            raise EventNotFound(self._story(f"has no event {wanted} after {timeout:g} s"))
        return found

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, timeout: float = 5.0
    ) -> tuple[int, bytes]:
        """One HTTP request straight to the server, past any proxy: its status and body.

        `timeout` is in seconds. Raises OSError or http.client.HTTPException when there is no answer.
        """
        connection = http.client.HTTPConnection(HOST, self._port, timeout=timeout)
        try:
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _json(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of an answer with status 200. Raises ServerError for anything else."""
        try:
            status, body = self.request(method, path, headers)
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(self._story(f"does not answer {method} {path}: {error!r}")) from error
        if status != 200:
            raise ServerError(self._story(f"answers {method} {path} with status {status}"))
        return json.loads(body)

    def _make_folder(self) -> Path:
        if self._wanted_folder is None:
            made = Path(tempfile.mkdtemp(prefix=f"raven-{self.name.lower()}-"))
        else:
            made = self._wanted_folder
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        return made.resolve()  # Bugsink refuses paths that lead through links

    def _launch(self) -> None:
        with socket.create_server((HOST, self._wanted_port)) as listener:
            self._port = listener.getsockname()[1]
            self._process = supervisor.launch(
                self._command(listener.fileno()),
                listener=listener.fileno(),
                stop_signal=self.stop_signal,
                folder=self.folder,
                throwaway=self._wanted_folder is None,
                log=self._log,
                environment=self._environment(),
            )

    def _answers(self) -> bool | None:
        self._check_alive()
        try:
            status, _ = self.request("GET", self.ready_path, timeout=0.5)
        except (OSError, http.client.HTTPException):
            return None
        return True if status == 200 else None

    def _check_alive(self) -> bool:
        self.url  # noqa: B018  raises when not started
        code = None if self._process is None else self._process.poll()
        if code is not None:
            raise ServerError(self._story(f"ended with exit code {code}"))
        return True

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _story(self, what: str) -> str:
        """`what` went wrong, and the end of the log."""
        tail = self._log.read_bytes()[-_LOG_TAIL:].decode("utf-8", "replace").strip()
        return f"{self.name} {what}; the end of its log:\n{tail or '(empty)'}"
