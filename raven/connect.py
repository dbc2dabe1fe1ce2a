"""Bring a transport to life for a client."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
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
    name = dsn.transport or "threaded"
    if name not in _NAMED:
        raise ConfigurationError(f"there is no transport for a DSN that begins with {name}+")
    module, _, transport = _NAMED[name].partition(":")
    # Only now, because some need a package that may be missing.
    found: type[TransportFactory] = getattr(import_module(f".transport.{module}", __package__), transport)
    return found


_NAMED = {
    "sync": "http:HTTPTransport",
    "threaded": "threaded:ThreadedHTTPTransport",
    "requests": "requests:RequestsHTTPTransport",
    "threaded+requests": "threaded_requests:ThreadedRequestsHTTPTransport",
    "gevent": "gevent:GeventedHTTPTransport",
    "eventlet": "eventlet:EventletHTTPTransport",
    "tornado": "tornado:TornadoHTTPTransport",
    "twisted": "twisted:TwistedHTTPTransport",
}
"""The transports by raven-python 6's names: module and class."""
