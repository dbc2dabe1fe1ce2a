"""Blocking HTTP, by urllib3."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dsn import Dsn
from ..errors import ConnectionLost, SendTimeout
from ..first_import import first_import
from ..own_log import Delivering, logger, silence
from ..pipeline.stage import Context
from ..request import Request, Response
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from . import Sink
from .http import LONGEST_ATTEMPT, MOST_READ, HTTPSink
from .proxy import Proxy
from .translate import translate

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from .urllib3_pool import Until

Post = Callable[[str, "bytes | None", Mapping[str, str], "Until"], "BaseHTTPResponse"]
"""Makes one exchange, of a target, a body and headers, and returns the answer with its body unread. Never redirects."""

_warned_of: set[str] = set()
"""The servers that the process was warned of: one line each, however often they are bound."""


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
        tls, proxy = self.tls(dsn), self.proxy(dsn)
        if tls is not None and not tls.verify and dsn.origin not in _warned_of:
            _warned_of.add(dsn.origin)
            logger.warning("verify_ssl=0: the certificate of %s is not verified", dsn.origin)

        def connect() -> tuple[HTTPConnectionPool, Post]:
            with first_import():
                from .urllib3_pool import make_pool

            silence("urllib3.connectionpool", "urllib3.connection", "urllib3.response", "urllib3.util.retry")
            pool = make_pool(dsn, tls, self.connections, context.runtime, proxy)
            return pool, self.posting(pool, dsn, forwarded=proxy is not None and proxy.forwards(dsn))

        return BoundUrllib3(connect, context, proxy)

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

    def __init__(
        self, connect: Callable[[], tuple[HTTPConnectionPool, Post]], context: Context, proxy: Proxy | None
    ) -> None:
        self._connect = connect
        self._endpoint = context.dsn.endpoint
        self._monotonic = context.runtime.monotonic
        # A proxy that makes the requests itself wants the whole address, and to know who we are, with each.
        self._forwarding = proxy if proxy is not None and proxy.forwards(context.dsn) else None
        self._origin = context.dsn.origin if self._forwarding else ""
        self._connected: tuple[HTTPConnectionPool, Post] | None = None
        self._lock = threading.RLock()  # a signal handler may send while we connect

    async def __call__(self, request: Request) -> Response:
        deadline = request.deadline
        left = LONGEST_ATTEMPT if deadline is None else deadline - self._monotonic()
        if left <= 0:
            raise SendTimeout("the time was over before the attempt began")
        headers = {"Accept-Encoding": "identity", **request.headers}
        if self._forwarding is not None:
            headers.update(self._forwarding.authorization())
        target = self._origin + self._endpoint(request.endpoint or "envelope")
        return exchange(self._post(), target, request.body, headers, left)

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
        with Delivering():
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
