"""What a program talks to."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, TypeVar

from . import events
from .dsn import Dsn
from .errors import ConfigurationError
from .ledger import Stats
from .pipeline.bound import Flushed
from .request import Request
from .values import simplify

logger = logging.getLogger("raven.client")

_Self = TypeVar("_Self", bound="Client")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Transport(Protocol):
    """A stack at work, or anything of that shape."""

    def send(self, request: Request) -> None: ...
    def flush(self, timeout: float = ...) -> Flushed: ...
    def close(self, timeout: float = ...) -> Flushed: ...
    async def aflush(self, timeout: float = ...) -> Flushed: ...
    async def aclose(self, timeout: float = ...) -> Flushed: ...
    def stats(self) -> Stats: ...


class TransportFactory(Protocol):
    """A stack, or anything of that shape: it takes a DSN's options, and is brought to life for a project."""

    def with_options(self, texts: Mapping[str, str], /) -> TransportFactory: ...
    def bind(self, dsn: Dsn, /) -> Transport: ...


class Client:
    """Captures errors and messages, and delivers them to a Sentry-compatible server.

    >>> client = Client()  # without a DSN it does nothing, and costs nothing
    >>> client.capture_message("hello") is None
    True

    `dsn`: the project's address; None is the environment variable `SENTRY_DSN`. Without one, or with "", the client is
    disabled. Its query string has the transport's options: `https://key@host/1?timeout=5&verify_ssl=0`.
    `transport`: a class such as `HTTPTransport`, a `Stack`, or anything of its shape. None is what the DSN's scheme names,
    as in `sync+https://`, else `ThreadedHTTPTransport`.
    `release`, `environment`: None are `SENTRY_RELEASE` and `SENTRY_ENVIRONMENT`.
    `server_name`: None is the host's name. `tags`: put on every event.

    Raises `InvalidDsn`, `InvalidOption` or another `ConfigurationError`. No other call raises anything, or lets a
    failure to deliver show, but in `flush`, `stats` and one line of the logger "raven.delivery".
    """

    def __init__(
        self,
        dsn: str | None = None,
        transport: type[TransportFactory] | TransportFactory | None = None,
        *,
        release: str | None = None,
        environment: str | None = None,
        server_name: str | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> None:
        address = os.environ.get("SENTRY_DSN", "").strip() if dsn is None else dsn
        self._release = _text("release", release, "SENTRY_RELEASE")
        self._environment = _text("environment", environment, "SENTRY_ENVIRONMENT")
        self._server_name = _text("server_name", server_name) or socket.gethostname()
        self._tags = dict(tags) if tags else None
        self._transport: Transport | None = None
        self._closed = False
        if address != "":
            self._transport = connect(Dsn.parse(address), transport)

    @property
    def enabled(self) -> bool:
        """Whether there is a DSN, and the client is not closed."""
        return self._transport is not None and not self._closed

    def capture_message(
        self,
        message: str,
        *,
        params: tuple[object, ...] = (),
        level: events.Level = "error",
        tags: Mapping[str, object] | None = None,
        extra: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
    ) -> str | None:
        """Send a message. Returns the event's id, or None when nothing is sent.

        `params` are put into the message's `%s` placeholders; the server groups events by the message without them.
        `data` has whatever else Sentry's event payload may have, and goes before all else.
        """
        if not self.enabled:
            return None
        try:
            return self._capture(events.message_part(message, params), level, tags, extra, data)
        except Exception as error:
            _not_captured(error)
            return None

    def capture_exception(
        self,
        error: BaseException | ExcInfo | bool | None = None,
        *,
        level: events.Level = "error",
        tags: Mapping[str, object] | None = None,
        extra: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
    ) -> str | None:
        """Send an exception with all that led to it. Returns the event's id, or None when nothing is sent.

        `error` is the exception, or what `sys.exc_info()` returned; None (or True) is the one that is being handled now.
        The other arguments are as in `capture_message`.
        """
        if not self.enabled:
            return None
        try:
            raised = _exception(error)
            if raised is None:
                return None
            return self._capture(events.exception_part(raised), level, tags, extra, data)
        except Exception as failure:
            _not_captured(failure)
            return None

    def capture(self, event: str | Mapping[str, object], **arguments: Any) -> str | None:
        """Send an event of your own making: a dict of Sentry's event payload. What is missing is filled in.

        As in raven-python 6, `capture("raven.events.Message", message=...)` and `capture("raven.events.Exception")` are
        the same as the calls of that name.
        """
        if not self.enabled:
            return None
        try:
            if isinstance(event, str):
                return self._capture_by_name(event.rpartition(".")[2], arguments)
            return self._capture({}, "error", None, None, event)
        except Exception as error:
            _not_captured(error)
            return None

    captureMessage = capture_message
    captureException = capture_exception

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Wait until all that was captured so far is delivered or dropped, at most `timeout` seconds.

        The result is true only if all was delivered that was captured since the last flush.
        """
        return Flushed.DELIVERED if self._transport is None else self._transport.flush(timeout)

    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush, then drop what is left and capture no more. Not needed at exit: what is queued is delivered then too."""
        self._closed = True
        return Flushed.DELIVERED if self._transport is None else self._transport.close(timeout)

    async def aflush(self, timeout: float = 5.0) -> Flushed:
        """`flush`, without blocking the loop of a program that awaits."""
        return Flushed.DELIVERED if self._transport is None else await self._transport.aflush(timeout)

    async def aclose(self, timeout: float = 5.0) -> Flushed:
        """`close`, without blocking the loop of a program that awaits."""
        self._closed = True
        return Flushed.DELIVERED if self._transport is None else await self._transport.aclose(timeout)

    def stats(self) -> Stats:
        """How many events were accepted, delivered, dropped and why, and are pending, in this process."""
        return Stats() if self._transport is None else self._transport.stats()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Client {self._transport!r}>" if self.enabled else "<Client disabled>"

    def _capture_by_name(self, kind: str, arguments: dict[str, Any]) -> str | None:
        if kind == "Message":
            return self.capture_message(**arguments)
        if kind == "Exception":
            return self.capture_exception(arguments.pop("exc_info", None), **arguments)
        raise ConfigurationError("the events that have a name are raven.events.Message and raven.events.Exception")

    def _capture(
        self,
        part: dict[str, Any],
        level: str,
        tags: Mapping[str, object] | None,
        extra: Mapping[str, object] | None,
        data: Mapping[str, object] | None,
    ) -> str:
        event = events.base_event(
            level=level,
            release=self._release,
            environment=self._environment,
            server_name=self._server_name,
            tags=events.tags_part(self._tags, tags),
            extra=simplify(dict(extra)) if extra else None,
        )
        event.update(part)
        if data:
            event.update(data)
        if not _is_event_id(event["event_id"]):  # servers lose an event whose id is not one
            event["event_id"] = events.new_event_id()
        assert self._transport is not None
        event_id: str = event["event_id"]
        self._transport.send(Request(event_id, "error", event))
        return event_id


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


def _text(name: str, value: str | None, variable: str | None = None) -> str | None:
    if value is None:
        return os.environ.get(variable, "").strip() or None if variable else None
    if not isinstance(value, str):
        raise ConfigurationError(f"{name}: text is accepted, not {type(value).__name__}")
    return value or None


def _exception(error: BaseException | ExcInfo | bool | None) -> BaseException | None:
    if isinstance(error, BaseException):
        return error
    if isinstance(error, tuple):
        return error[1]
    return sys.exc_info()[1]


def _is_event_id(value: object) -> bool:
    return type(value) is str and len(value) == 32 and all(digit in "0123456789abcdef" for digit in value)


def _not_captured(error: Exception) -> None:
    # Its text may hold anything that the program handed in, so only its type is told.
    logger.error("an event could not be captured: %s was raised", type(error).__name__)
