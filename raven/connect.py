"""Bring a transport to life for a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .dsn import Dsn
from .errors import ConfigurationError
from .ledger import Stats
from .outcome import Outcome
from .pipeline.bound import Flushed
from .request import Request


class Transport(Protocol):
    """A stack at work, or anything of that shape."""

    def send(self, request: Request) -> None: ...
    def discard(self, request: Request, outcome: Outcome) -> None: ...
    def flush(self, timeout: float = ...) -> Flushed: ...
    def close(self, timeout: float = ...) -> Flushed: ...
    async def aflush(self, timeout: float = ...) -> Flushed: ...
    async def aclose(self, timeout: float = ...) -> Flushed: ...
    def stats(self) -> Stats: ...


class TransportFactory(Protocol):
    """A stack, or anything of that shape: it takes a DSN's options, and is brought to life for a project."""

    def with_options(self, texts: Mapping[str, str], /) -> TransportFactory: ...
    def bind(self, dsn: Dsn, /) -> Transport: ...


def connect(dsn: Dsn, transport: type[TransportFactory] | TransportFactory | None) -> Transport:
    """Bring a transport to life for a project, with the options that its DSN has."""
    if transport is None:
        transport = _named_transport(dsn)
    stack = transport() if isinstance(transport, type) else transport
    if not (hasattr(stack, "bind") and hasattr(stack, "with_options")):
        raise ConfigurationError(f"transport: a transport class or a Stack is accepted, not {type(stack).__name__}")
    return stack.with_options(dsn.options).bind(dsn)


def _named_transport(dsn: Dsn) -> type[TransportFactory]:
    from .transport.http import HTTPTransport
    from .transport.threaded import ThreadedHTTPTransport

    named: dict[str, type[TransportFactory]] = {"sync": HTTPTransport, "threaded": ThreadedHTTPTransport}
    if dsn.transport is None:
        return ThreadedHTTPTransport
    if dsn.transport not in named:
        raise ConfigurationError(f"there is no transport for a DSN that begins with {dsn.transport}+")
    return named[dsn.transport]
