"""A socket that is read and written within a deadline, and waited for as its runtime waits."""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
from collections.abc import Awaitable, Callable
from types import BuiltinFunctionType
from typing import TypeVar

from ..runtimes import SocketRuntime
from .resolve import Address

A = TypeVar("A")
T = TypeVar("T")
_Wait = Callable[[int, float], Awaitable[None]]
# Python's own, or none: Eventlet's patch takes it away, and gevent's lets other greenlets go on in the middle of a look.
_poll = getattr(select, "poll", None)
if not isinstance(_poll, BuiltinFunctionType):
    _poll = None
_HAS_TO_WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Stream:
    """A connection, by a socket that never blocks. Whatever takes until its deadline raises TimeoutError; whatever else
    fails, an OSError.
    """

    def __init__(self, sock: socket.socket, runtime: SocketRuntime) -> None:
        self.socket = sock
        self._send: Callable[[bytes | memoryview], int] = sock.send
        self._runtime = runtime
        self._asked = False

    async def handshake(self, context: ssl.SSLContext, name: str, deadline: float) -> None:
        """Begin TLS with a server of this name."""
        secured = context.wrap_socket(self.socket, server_hostname=name, do_handshake_on_connect=False)
        self.socket = secured
        self._send = secured.write  # not its send: gevent's returns 0 where it should say that it has to wait
        await self._until_done(lambda _: secured.do_handshake(), None, self._runtime.wait_readable, deadline)

    async def write(self, data: bytes, deadline: float) -> None:
        """Write all of it."""
        left: bytes | memoryview = data
        while left:
            self._left(deadline)  # each time, for it may be taken bit by bit, without a wait
            try:
                sent = self._send(left)
            except _HAS_TO_WAIT:
                sent = await self._until_done(self._send, left, self._runtime.wait_writable, deadline)
            left = memoryview(left)[sent:]
        self._asked = True

    async def read(self, most: int, deadline: float) -> bytes:
        """Read what is there, or comes first. Nothing at all: the other side is done."""
        left = self._left(deadline)
        if self._asked:  # the answer can't be there yet, and to look for it in vain costs more than to wait
            self._asked = False
            await self._runtime.wait_readable(self.socket.fileno(), left)
        try:
            return self.socket.recv(most)
        except _HAS_TO_WAIT:
            return await self._until_done(self.socket.recv, most, self._runtime.wait_readable, deadline)

    def is_over(self) -> bool:
        """Whether the other side has closed it, or says what nobody asked for. Doesn't wait."""
        try:
            # A recv in vain raises an exception, which costs more than this look.
            if _poll is not None and not (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()):
                poll = _poll()
                poll.register(self.socket.fileno(), select.POLLIN)
                if not poll.poll(0):
                    return False
            self.socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except (OSError, ValueError):  # it is closed on this side too
            return True
        return True

    def close(self) -> None:
        self.socket.close()

    def __del__(self) -> None:
        self.close()  # or, in a program that ends without a close, there would be a warning of it

    async def _until_done(self, step: Callable[[A], T], argument: A, wait: _Wait, deadline: float) -> T:
        while True:
            try:
                return step(argument)
            except BlockingIOError:
                pass
            except ssl.SSLWantReadError:
                wait = self._runtime.wait_readable
            except ssl.SSLWantWriteError:
                wait = self._runtime.wait_writable
            await wait(self.socket.fileno(), self._left(deadline))

    def _left(self, deadline: float) -> float:
        left = deadline - self._runtime.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


async def connect(address: Address, runtime: SocketRuntime, seconds: float) -> Stream:
    """A connection to this address. Raises TimeoutError, or another OSError."""
    family, kind, protocol, _, place = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        failed = sock.connect_ex(place)
        if failed == errno.EINPROGRESS:
            await runtime.wait_writable(sock.fileno(), seconds)
            failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not failed and not _is_connected(sock):
                raise TimeoutError("timed out")
        if failed:
            raise OSError(failed, os.strerror(failed))
    except BaseException:
        sock.close()
        raise
    return Stream(sock, runtime)


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
