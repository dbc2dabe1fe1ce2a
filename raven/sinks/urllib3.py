"""Blocking HTTP, by urllib3."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BadResponse, Closed, ConnectError, ConnectionLost, NetworkError, SendTimeout, TLSError
from ..first_import import first_import
from ..own_log import Delivering, logger, silence
from ..pipeline.stage import Context
from ..request import Request, Response
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from . import Sink
from .http import LONGEST_ATTEMPT, MOST_READ, HTTPSink

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

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
        tls = self.tls(context.dsn)
        if tls is not None and not tls.verify and context.dsn.origin not in _warned_of:
            _warned_of.add(context.dsn.origin)
            logger.warning("verify_ssl=0: the certificate of %s is not verified", context.dsn.origin)

        def make_pool() -> HTTPConnectionPool:
            with first_import():
                from .urllib3_pool import make_pool

            silence("urllib3.connectionpool", "urllib3.connection", "urllib3.response", "urllib3.util.retry")
            return make_pool(context.dsn, tls, self.connections)

        return BoundUrllib3(make_pool, context)


class BoundUrllib3:
    """The connections to one server."""

    def __init__(self, make_pool: Callable[[], HTTPConnectionPool], context: Context) -> None:
        self._make_pool = make_pool
        self._endpoint = context.dsn.endpoint
        self._monotonic = context.runtime.monotonic
        self._pool: HTTPConnectionPool | None = None
        self._lock = threading.RLock()  # a signal handler may send while we connect

    async def __call__(self, request: Request) -> Response:
        deadline = request.deadline
        left = LONGEST_ATTEMPT if deadline is None else deadline - self._monotonic()
        if left <= 0:
            raise SendTimeout("the time was over before the attempt began")
        return post(self._connected(), self._endpoint(request.endpoint or "envelope"), request, left)

    def close(self) -> None:
        """Close the connections that are idle. Those in use are closed by whoever uses them."""
        if self._pool is not None:
            self._pool.close()

    def __del__(self) -> None:
        self.close()  # the pool would do so itself, but not once the interpreter's exit handlers have run

    def _connected(self) -> HTTPConnectionPool:
        if self._pool is None:
            with self._lock:
                if self._pool is None:
                    self._pool = self._make_pool()
        return self._pool


def post(pool: HTTPConnectionPool, path: str, request: Request, seconds: float) -> Response:
    """One exchange, of `seconds` at most. Redirects are answers like others. Raises a `NetworkError`, or `Closed`."""
    from urllib3.exceptions import ClosedPoolError, HTTPError

    from .urllib3_pool import Until

    try:
        with Delivering():
            response = pool.urlopen(
                "POST",
                path,
                body=request.body,
                headers={"Accept-Encoding": "identity", **request.headers},
                redirect=False,
                retries=False,
                timeout=Until(time.monotonic() + seconds),
                pool_timeout=seconds,  # type: ignore[arg-type]  # it is passed to queue.get, which takes fractions
                preload_content=False,
                decode_content=False,
            )
            body = _read(response)
    except ClosedPoolError:
        raise Closed("the transport was closed") from None
    except (HTTPError, OSError) as error:
        raise translate(error) from None
    # Not items(), which has a repeated header once for each time.
    return Response(response.status, {name.lower(): response.headers[name] for name in response.headers}, body)


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


def translate(error: BaseException) -> NetworkError:
    """One of our errors for one of urllib3's. Its text has nothing of the request in it."""
    from http.client import IncompleteRead

    from urllib3 import exceptions

    cause = _innermost(error)
    if isinstance(cause, ssl.SSLError):
        return _tls_error(cause)
    if isinstance(error, exceptions.NameResolutionError):
        return ConnectError("the host's name can't be resolved")
    if isinstance(error, exceptions.NewConnectionError):
        return ConnectError(f"the server can't be reached: {_text(cause)}")
    if isinstance(cause, TimeoutError) or isinstance(error, (exceptions.TimeoutError, exceptions.EmptyPoolError)):
        return SendTimeout("the server did not answer in time")
    if isinstance(cause, (OSError, IncompleteRead, exceptions.IncompleteRead)):
        stale = type(cause).__name__ == "StaleConnection"
        return ConnectionLost(f"the connection was lost: {_text(cause)}", stale=stale)
    return BadResponse(f"the answer is not HTTP ({type(cause).__name__})")


def _innermost(error: BaseException) -> BaseException:
    while True:
        inner = error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None)
        if inner is None:
            return error
        error = inner


def _tls_error(error: ssl.SSLError) -> NetworkError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TLSError(f"the server's certificate was refused: {error.verify_message}")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
        return ConnectionLost("the connection was lost while TLS was being set up")
    return TLSError(f"TLS could not be set up: {error.reason or type(error).__name__}")


def _text(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
