"""The way to a server: straight, through a proxy that makes the connection, or by one that makes the requests."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from ..dsn import Dsn
from ..errors import ConnectError
from ..request import Request
from ..runtimes import Runtime
from .proxy import Proxy
from .resolve import Address, Resolver
from .translate import text_of
from .tunnel import Read, Write, tunnel


class Connection(Protocol):
    """A connection to one address."""

    def close(self) -> None: ...


C = TypeVar("C", bound=Connection)


class Route:
    """What all connections and requests of a sink to one server have in common, whatever library makes them."""

    def __init__(self, dsn: Dsn, proxy: Proxy | None, runtime: Runtime) -> None:
        self._endpoint = dsn.endpoint
        self._monotonic = runtime.monotonic
        self._peer, self._named = ("proxy", "proxy's name") if proxy is not None else ("server", "host's name")
        self._forwarding = proxy if proxy is not None and proxy.forwards(dsn) else None
        self._origin = dsn.origin if self._forwarding is not None else ""
        peer = proxy or dsn
        self._resolver = Resolver(peer.host, peer.port, runtime)
        self._tunnel = tunnel(proxy, dsn, runtime)

    @property
    def is_forwarded(self) -> bool:
        """Whether a proxy makes the requests itself, and so wants the whole address."""
        return self._forwarding is not None

    def target(self, request: Request) -> str:
        """Where a request goes, as its first line has it."""
        return self._origin + self._endpoint(request.endpoint or "envelope")

    def headers(self, request: Request) -> dict[str, str]:
        """Its headers, but for those that HTTP itself needs."""
        headers = {"Accept-Encoding": "identity", **request.headers}
        if self._forwarding is not None:
            headers.update(self._forwarding.authorization())
        return headers

    async def connect(
        self, connect: Callable[[Address, float], Awaitable[C]], ends: Callable[[C], tuple[Write, Read]], seconds: float
    ) -> C:
        """A connection that leads to the server. `connect` makes one to an address within some seconds, `ends` says how
        to write to it and read from it.

        Raises a `NetworkError`, or TimeoutError.
        """
        deadline = self._monotonic() + seconds
        made: C | None = None
        try:
            made = await self._first_that_answers(connect, deadline)
            if self._tunnel is not None:
                await self._tunnel.open(*ends(made), deadline - self._monotonic())
            return made
        except BaseException as error:
            if made is not None:
                made.close()
            if isinstance(error, socket.gaierror):
                raise ConnectError(f"the {self._named} can't be resolved") from None
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise ConnectError(f"the {self._peer} can't be reached: {text_of(error)}") from None
            raise

    async def _first_that_answers(self, connect: Callable[[Address, float], Awaitable[C]], deadline: float) -> C:
        addresses = await self._resolver.resolve(deadline - self._monotonic())
        failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        try:
            for tried, address in enumerate(addresses):  # each has an equal part of the time that is left
                left = (deadline - self._monotonic()) / (len(addresses) - tried)
                if left <= 0:
                    raise TimeoutError("timed out")
                try:
                    return await connect(address, left)
                except OSError as error:
                    failure = error
            raise failure
        finally:
            del failure  # which would hold itself, by its traceback
