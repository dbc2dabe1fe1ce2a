"""A sink for one more HTTP library: httpcore, which httpx stands on.

A sink turns one library's exchange into a `Response` or one of Raven's errors. The rest is there to be used: `HTTPSink` has
the options and settles TLS and the proxy, `Route` resolves names and finds the way through proxies, `Stream` reads and
writes a socket within a deadline, `Places` has those who wait for a connection take turns. See that it does what the
others do:

    RAVEN_TRANSPORT=tests.examples.httpcore_sink:HttpcoreTransport python -m raven.testing.conformance
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, ClassVar
from weakref import WeakSet

import httpcore

from raven.errors import BadResponse, Closed, ConnectionLost, SendTimeout
from raven.pipeline import Context, Stack
from raven.pipeline.defaults import BACKGROUND
from raven.request import Request, Response
from raven.runtimes.asyncio import AsyncioRuntime
from raven.sinks import Sink
from raven.sinks.http import MOST_READ, HTTPSink, deadline_of, warn_if_unverified
from raven.sinks.places import Places
from raven.sinks.resolve import Address
from raven.sinks.route import Route
from raven.sinks.stream import Stream, connect
from raven.sinks.translate import of_socket
from raven.sinks.tunnel import Read, Write
from raven.sinks.urllib3 import Urllib3Sink

MOST_HEADERS = 100
BEGINNING = b"HTTP/1."


class HttpcoreSink(HTTPSink):
    """POST by httpcore, from tasks of asyncio. It looks at all pairs of its connections at each request: they are few."""

    suspends: ClassVar[bool] = True

    def runtime(self) -> AsyncioRuntime:
        return AsyncioRuntime()

    def at_exit(self) -> Sink:
        return Urllib3Sink(**self.options())

    def bind(self, context: Context) -> BoundHttpcore:
        return BoundHttpcore(self, context)


class HttpcoreTransport(Stack):
    """Deliver from tasks, by httpcore."""

    stages = BACKGROUND
    sink = HttpcoreSink()


class BoundHttpcore:
    """A pool of httpcore's, to one server."""

    def __init__(self, sink: HttpcoreSink, context: Context) -> None:
        self._dsn = dsn = context.dsn
        self._runtime = sink.runtime()
        self._route = Route(dsn, sink.proxy(dsn), context.runtime)
        self._network = Network(self._route, self._runtime)
        self._places: Places[None] = Places(sink.connections, self._runtime)
        self._closed = False
        self._running = 0
        tls = sink.tls(dsn)
        warn_if_unverified(dsn, tls)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if tls is not None:
            tls.apply(trusting)
        self._pool = httpcore.AsyncConnectionPool(
            trusting, max_connections=sink.connections, network_backend=self._network
        )

    async def __call__(self, request: Request) -> Response:
        if self._closed:
            raise Closed("the transport was closed")
        self._running += 1
        try:
            return await self._post(request)
        finally:
            self._running -= 1
            if self._closed:
                self.close()

    def close(self) -> None:
        """Close all connections. If some are in use, the last of those who use them does."""
        self._closed = True
        if not self._running:
            self._network.close()

    async def _post(self, request: Request) -> Response:
        deadline = deadline_of(request, self._runtime.monotonic)
        try:
            await self._places.take(deadline)
        except TimeoutError as error:
            raise SendTimeout(str(error)) from None
        try:
            return await self._exchange(request, deadline)
        finally:
            self._places.give()

    async def _exchange(self, request: Request, deadline: float) -> Response:
        # What httpcore hands on as the timeout of each read and write is here the moment until which they have time.
        times = {"connect": deadline, "read": deadline, "write": deadline}
        target = self._route.target(request).encode()
        url = httpcore.URL(scheme=self._dsn.scheme, host=self._dsn.host, port=self._dsn.port, target=target)
        headers = [*self._route.headers(request).items(), ("Host", self._dsn.authority)]
        try:
            post = self._pool.stream("POST", url, headers=headers, content=request.body, extensions={"timeout": times})
            async with post as answer:
                if len(answer.headers) > MOST_HEADERS:
                    raise BadResponse("the answer is not HTTP: it has too many headers")
                return Response(answer.status, joined(answer.headers), await start_of(answer))
        except httpcore.RemoteProtocolError as error:
            if any(word in str(error) for word in ("disconnected", "closed", "chunk")):
                raise ConnectionLost("the connection was lost within the answer") from None
            raise BadResponse("the answer is not HTTP") from None


def joined(headers: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """With lower-case names; the values of repeated ones with commas between them."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode().lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def start_of(answer: httpcore.Response) -> bytes:
    """No more of the body than a sink reads."""
    body = b""
    async for some in answer.aiter_stream():
        body += some
        if len(body) > MOST_READ:
            break
    return body[:MOST_READ]


class Network(httpcore.AsyncNetworkBackend):
    """Makes the connections."""

    def __init__(self, route: Route, runtime: AsyncioRuntime) -> None:
        self._route = route
        self._runtime = runtime
        self._open: WeakSet[Connection] = WeakSet()

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> Connection:
        deadline = timeout or 0.0

        async def to(address: Address, seconds: float) -> Stream:
            return await connect(address, self._runtime, seconds)

        def ends(stream: Stream) -> tuple[Write, Read]:
            return lambda data: stream.write(data, deadline), lambda most: stream.read(most, deadline)

        try:
            stream = await self._route.connect(to, ends, deadline - self._runtime.monotonic())
        except OSError as error:
            raise of_socket(error) from None
        connection = Connection(stream)
        self._open.add(connection)
        return connection

    def close(self) -> None:
        for connection in tuple(self._open):
            connection.stream.close()


class Connection(httpcore.AsyncNetworkStream):
    """A connection, and whether it has served before."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._answers = 0
        self._asked = False

    async def read(self, most: int, timeout: float | None = None) -> bytes:
        stale = self._asked and self._answers > 0
        try:
            data = await self.stream.read(most, timeout or 0.0)
        except OSError as error:
            raise of_socket(error, stale=stale) from None
        if stale and not data:
            raise ConnectionLost("the connection was lost", stale=True)
        if self._asked and not BEGINNING.startswith(data[: len(BEGINNING)]):  # h11 would wait for the end of its head
            raise BadResponse("the answer is not HTTP")
        self._answers += self._asked
        self._asked = False
        return data

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        self._asked = True
        try:
            await self.stream.write(data, timeout or 0.0)
        except TimeoutError as error:
            raise of_socket(error) from None
        except OSError:
            raise httpcore.WriteError from None  # then the server may have answered already

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Connection:
        try:
            await self.stream.handshake(ssl_context, server_hostname or "", timeout or 0.0)
        except OSError as error:
            raise of_socket(error) from None
        return self

    async def aclose(self) -> None:
        self.stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self.stream.is_over() if info == "is_readable" else None
