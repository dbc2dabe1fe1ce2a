"""The connections of a sink to its server, and the exchanges on them. A sink loads this with its first request."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import cast

from ..errors import Closed, ConnectionLost, SendTimeout
from ..pipeline.stage import Context
from ..request import Request, Response
from ..runtimes import SocketRuntime
from .http import deadline_of
from .http11 import Answer, Head
from .places import Places
from .proxy import Proxy
from .resolve import Address
from .route import Route
from .stream import Stream, connect
from .tls import TLSSettings
from .translate import of_socket
from .tunnel import Read, Write

_BLOCK = 65_536
_READS_AT_A_STRETCH = 16
"""After so many reads that didn't have to wait, others have their turn."""


class Connections:
    """The connections to one server, by way of its proxy if there is one."""

    def __init__(self, context: Context, tls: TLSSettings | None, proxy: Proxy | None, count: int) -> None:
        self._dsn = dsn = context.dsn
        self._tls = tls
        self._tls_context: ssl.SSLContext | None = None
        self._runtime = runtime = cast(SocketRuntime, context.runtime)
        self._route = Route(dsn, proxy, runtime)
        self._head = Head(dsn.authority)
        self._places: Places[Stream] = Places(count, runtime)
        self._closed = False

    async def __call__(self, request: Request) -> Response:
        deadline = deadline_of(request, self._runtime.monotonic)
        return await self.post(self._route.target(request), self._route.headers(request), request.body or b"", deadline)

    async def post(self, target: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Response:
        """One exchange. Redirects are answers like others. Raises a `NetworkError`, or `Closed`."""
        sent = self._head.followed_by(body, target, headers)
        try:
            stream = await self._places.take(deadline)
        except TimeoutError as error:
            raise SendTimeout(str(error)) from None
        answer = Answer()
        try:
            if stream is not None and stream.is_over():
                stream.close()
                stream = None
            if self._closed:
                raise Closed("the transport was closed")
            used = stream is not None
            if stream is None:
                stream = await self._connect(deadline)
            try:
                return await self._exchange(stream, sent, answer, deadline)
            except OSError as error:
                raise of_socket(error, stale=used and not answer.begun) from None
            except ConnectionLost as error:
                error.stale = used and not answer.begun
                raise
        finally:
            if stream is not None and not answer.reusable:
                stream.close()
                stream = None
            self._places.give(stream)
            if self._closed:  # perhaps since close() looked
                self.close()

    def close(self) -> None:
        """Close the connections that are idle. Those in use are closed by whoever uses them."""
        self._closed = True
        while (stream := self._places.take_idle()) is not None:
            stream.close()

    async def _connect(self, deadline: float) -> Stream:
        stream = await self._reach(deadline)
        context = self._context()
        if context is not None:
            try:
                await stream.handshake(context, self._dsn.host, deadline)
            except BaseException as error:
                stream.close()
                if isinstance(error, OSError):
                    raise of_socket(error) from None
                raise
        return stream

    async def _reach(self, deadline: float) -> Stream:
        """A connection that leads to the server, still without TLS."""

        def ends(stream: Stream) -> tuple[Write, Read]:
            return lambda data: stream.write(data, deadline), lambda most: stream.read(most, deadline)

        async def to(address: Address, seconds: float) -> Stream:
            return await connect(address, self._runtime, seconds)

        try:
            return await self._route.connect(to, ends, deadline - self._runtime.monotonic())
        except OSError:
            raise SendTimeout("the server did not answer in time") from None

    def _context(self) -> ssl.SSLContext | None:
        """What TLS needs; None for a server without it."""
        if self._tls_context is None and self._tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._tls.apply(context)
            self._tls_context = context
        return self._tls_context

    async def _exchange(self, stream: Stream, sent: bytes, answer: Answer, deadline: float) -> Response:
        lost: OSError | None = None
        try:
            await stream.write(sent, deadline)
        except TimeoutError:
            raise
        except OSError as error:  # a server that doesn't want all of it may have said so
            lost = error
        reads = 0
        try:
            while True:
                response = answer.feed(await stream.read(_BLOCK, deadline))
                if response is not None:
                    return response
                reads += 1
                if reads % _READS_AT_A_STRETCH == 0:
                    await self._runtime.sleep(0)
        except TimeoutError:
            raise
        except OSError as error:
            # A refusal of TLS may say why only here.
            raise error if lost is None or isinstance(error, ssl.SSLError) else lost from None
        finally:
            del lost  # or it would hold itself, by its traceback
