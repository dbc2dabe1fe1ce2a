"""Blocking HTTP, by urllib3."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dsn import Dsn
from ..errors import ConnectionLost
from ..first_import import first_import
from ..own_log import delivering, silence
from ..pipeline.stage import Context
from ..request import Request, Response
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from . import Sink
from .http import MOST_READ, HTTPSink, time_left, warn_if_unverified
from .route import Route
from .translate import translate

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from .urllib3_pool import Until

Post = Callable[[str, "bytes | None", Mapping[str, str], "Until"], "BaseHTTPResponse"]
"""Makes one exchange, of a target, a body and headers, and returns the answer with its body unread. Never redirects."""


@dataclass(frozen=True, repr=False)
class Urllib3Sink(HTTPSink):
    """POST the body and wait for the answer. Connections are kept open and shared by all threads; none is opened, and
    urllib3 is not imported, before the first request.
    """

    def runtime(self) -> Runtime:
        return ThreadRuntime()

    def at_exit(self) -> Sink:
        return self

    def bind(self, context: Context) -> BoundUrllib3:
        dsn = context.dsn
        tls = self.tls(dsn)
        warn_if_unverified(dsn, tls)
        route = Route(dsn, self.proxy(dsn), context.runtime)

        def connect() -> tuple[HTTPConnectionPool, Post]:
            with first_import():
                from .urllib3_pool import make_pool

            silence("urllib3.connectionpool", "urllib3.connection", "urllib3.response", "urllib3.util.retry")
            pool = make_pool(dsn, tls, self.connections, route)
            return pool, self.posting(pool, dsn, forwarded=route.is_forwarded)

        return BoundUrllib3(connect, route, context)

    def posting(self, pool: HTTPConnectionPool, dsn: Dsn, *, forwarded: bool) -> Post:
        """What makes the exchanges, on this pool. `forwarded` says that targets are whole addresses, for a proxy."""

        def post(target: str, body: bytes | None, headers: Mapping[str, str], until: Until) -> BaseHTTPResponse:
            return pool.urlopen(
                "POST",
                target,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=until,
                preload_content=False,
                decode_content=False,
            )

        return post


class BoundUrllib3:
    """The connections to one server, by way of its proxy if there is one."""

    def __init__(self, connect: Callable[[], tuple[HTTPConnectionPool, Post]], route: Route, context: Context) -> None:
        self._connect = connect
        self._route = route
        self._monotonic = context.runtime.monotonic
        self._connected: tuple[HTTPConnectionPool, Post] | None = None
        self._lock = threading.RLock()  # a signal handler may send while we connect

    async def __call__(self, request: Request) -> Response:
        seconds = time_left(request, self._monotonic)
        target, headers = self._route.target(request), self._route.headers(request)
        return exchange(self._post(), target, request.body, headers, seconds)

    def close(self) -> None:
        """Close the connections that are idle. Those in use are closed by whoever uses them."""
        if self._connected is not None:
            self._connected[0].close()

    def __del__(self) -> None:
        self.close()  # the pool would do so itself, but not once the interpreter's exit handlers have run

    def _post(self) -> Post:
        if self._connected is None:
            with self._lock:
                if self._connected is None:
                    self._connected = self._connect()
        return self._connected[1]


def exchange(post: Post, target: str, body: bytes | None, headers: Mapping[str, str], seconds: float) -> Response:
    """One exchange, of `seconds` at most. Redirects are answers like others. Raises a `NetworkError`, or `Closed`."""
    from urllib3.exceptions import HTTPError

    from .urllib3_pool import Until

    try:
        with delivering():
            response = post(target, body, headers, Until(time.monotonic() + seconds))
            answer = _read(response)
    except (HTTPError, OSError) as error:
        raise translate(error) from None
    # Not items(), which has a repeated header once for each time.
    return Response(response.status, {name.lower(): response.headers[name] for name in response.headers}, answer)


def _read(response: BaseHTTPResponse) -> bytes:
    whole = False
    try:
        body = response.read(MOST_READ + 1)
        if response.length_remaining and len(body) <= MOST_READ:  # urllib3 minds only if there was nothing at all
            raise ConnectionLost("the connection was lost within the answer")
        whole = len(body) <= MOST_READ
        return body[:MOST_READ]
    finally:
        if not whole:
            response.close()  # there is more to come, perhaps without end
        response.release_conn()  # closed or not, it goes back to its place in the pool
