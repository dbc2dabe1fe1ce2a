"""Find a host's addresses within a time."""

from __future__ import annotations

import socket
from collections import deque
from typing import Any

from ..runtimes import Runtime, Waker
from ..runtimes.start_thread import start_thread

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


class Resolver:
    """Looks one host up, again at each call, because addresses change.

    `getaddrinfo` can't be interrupted, so it runs in a thread of its own, and whoever asks while one is still at it waits
    for the same answer: a name server that hangs costs one thread, however many ask.
    """

    def __init__(self, host: str, port: int, runtime: Runtime) -> None:
        self._host = host
        self._port = port
        self._runtime = runtime
        self._running: _Lookup | None = None

    async def resolve(self, seconds: float) -> list[Address]:
        """The addresses. Raises TimeoutError, or `socket.gaierror` when there are none."""
        try:  # no thread for an address that is written in digits
            return _ask(self._host, self._port, socket.AI_NUMERICHOST)
        except (socket.gaierror, UnicodeError):  # or a label of the name is too long
            pass
        lookup = self._running
        if lookup is None or lookup.done:
            lookup = self._running = _Lookup()
            try:
                start_thread(lookup.run, self._host, self._port)
            except RuntimeError:  # the interpreter exits, and starts no more threads
                lookup.run(self._host, self._port)
        if not await lookup.wait(self._runtime.waker(), seconds):
            raise TimeoutError("the name server did not answer in time")
        if isinstance(lookup.result, list):
            return lookup.result
        # Each has one of its own. This one would hold itself, by its traceback, and others may be waiting for it too.
        kind = socket.gaierror if isinstance(lookup.result, socket.gaierror) else OSError
        raise kind(*lookup.result.args)


class _Lookup:
    def __init__(self) -> None:
        self.done = False
        self.result: list[Address] | OSError = socket.gaierror(socket.EAI_FAIL, "not resolved")
        self._waiting: deque[Waker] = deque()

    def run(self, host: str, port: int) -> None:
        try:
            self.result = _ask(host, port, 0)
        except OSError as error:
            self.result = error.with_traceback(None)
        except UnicodeError:  # a label of the name is too long
            self.result = socket.gaierror(socket.EAI_NONAME, "not a valid name")
        finally:
            self.done = True
            for waker in self._waiting.copy():
                waker.wake()

    async def wait(self, waker: Waker, seconds: float) -> bool:
        self._waiting.append(waker)  # before the look, so that it can't be done in between
        return self.done or await waker.wait(seconds)


def _ask(host: str, port: int, flags: int) -> list[Address]:
    found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return found
