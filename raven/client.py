"""What a program talks to."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, TypeVar

from . import events
from .dsn import Dsn
from .errors import ConfigurationError
from .ledger import Stats
from .own_log import Sparingly, is_logging
from .pipeline.bound import Flushed
from .request import Request
from .values import simplify

_log = Sparingly(logging.getLogger("raven.client"))

# What raven-python's captures took by name, and Sentry's event payload has under the same name.
_EVENT_PARTS = ("user", "request", "fingerprint", "logger", "transaction")

if TYPE_CHECKING:
    from typing_extensions import Unpack

_Self = TypeVar("_Self", bound="Client")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class CaptureArguments(TypedDict, total=False):
    """What all captures take by name."""

    level: events.Level
    tags: Mapping[str, object] | None
    extra: Mapping[str, object] | None
    data: Mapping[str, object] | None
    user: Mapping[str, object]
    request: Mapping[str, object]
    fingerprint: list[str]
    logger: str
    transaction: str


class MessageArguments(CaptureArguments, total=False):
    params: tuple[object, ...]


class ExceptionArguments(CaptureArguments, total=False):
    exc_info: BaseException | ExcInfo | bool | None


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

    Raises `InvalidDsn`, `InvalidOption` or another `ConfigurationError`. The captures raise nothing; a failure to deliver
    shows in `flush`, in `stats`, and in a line of the logger "raven.delivery" once a minute.
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
        if tags is not None and not isinstance(tags, Mapping):
            raise ConfigurationError(f"tags: a mapping of names to values is accepted, not {type(tags).__name__}")
        self._tags = dict(tags) if tags else None
        self._transport: Transport | None = None
        self._closed = False
        if address != "":
            self._transport = connect(Dsn.parse(address), transport)

    @property
    def enabled(self) -> bool:
        """Whether there is a DSN, and the client is not closed."""
        return self._transport is not None and not self._closed

    def capture_message(self, message: str, **arguments: Unpack[MessageArguments]) -> str | None:
        """Send a message. Returns the event's id, or None when nothing is sent.

        `params`: put into the message's `%s` placeholders; the server groups events by the message without them.
        `level`: "debug", "info", "warning", "error" (the default) or "fatal". `tags`: short text by name. `extra`: any
        values by name. `data`: whatever else Sentry's event payload may have; it goes before all else.
        """
        return self._safely(self._message, message, arguments)

    def capture_exception(
        self, error: BaseException | ExcInfo | bool | None = None, **arguments: Unpack[ExceptionArguments]
    ) -> str | None:
        """Send an exception with all that led to it. Returns the event's id, or None when nothing is sent.

        `error`: the exception, or what `sys.exc_info()` returned; None (or True) is the one that is being handled now.
        `exc_info` is another name for it. The other arguments are as in `capture_message`.
        """
        return self._safely(self._exception, error, arguments)

    def capture(self, event: str | Mapping[str, object], **arguments: Any) -> str | None:
        """Send an event of your own making: a dict of Sentry's event payload. What is missing is filled in.

        As in raven-python 6, `capture("raven.events.Message", message=...)` and `capture("raven.events.Exception")` are
        the same as the calls of that name.
        """
        return self._safely(self._event, event, arguments)

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

    def _safely(
        self, build: Callable[[Any, dict[str, Any]], str | None], subject: object, arguments: Any
    ) -> str | None:
        try:
            if self._transport is None or self._closed or is_logging():
                return None
            return build(subject, arguments)
        except Exception as error:
            # Its text may hold anything that the program handed in, so only its type is told.
            name = type(error).__name__
        try:
            _log.warn("captures", "an event could not be captured: %s was raised", name)
        except Exception:  # not even a logger can be called at the recursion limit
            return None
        return None

    def _message(self, message: object, arguments: dict[str, Any]) -> str:
        return self._send(events.message_part(message, arguments.pop("params", ())), arguments)

    def _exception(self, error: object, arguments: dict[str, Any]) -> str | None:
        raised = _exception(arguments.pop("exc_info", None) if error is None else error)
        return None if raised is None else self._send(events.exception_part(raised), arguments)

    def _event(self, event: object, arguments: dict[str, Any]) -> str | None:
        if isinstance(event, Mapping):
            return self._send(dict(event), arguments)
        kind = event.rpartition(".")[2] if isinstance(event, str) else ""
        if kind == "Message":
            return self._message(arguments.pop("message", ""), arguments)
        if kind == "Exception":
            return self._exception(None, arguments)
        raise ConfigurationError("the events that have a name are raven.events.Message and raven.events.Exception")

    def _send(self, part: dict[str, Any], arguments: dict[str, Any]) -> str:
        extra, tags, data = (arguments.pop(name, None) for name in ("extra", "tags", "data"))
        event = events.base_event(
            level=arguments.pop("level", "error"),
            release=self._release,
            environment=self._environment,
            server_name=self._server_name,
            tags=events.tags_part(self._tags, tags),
            extra=simplify(dict(extra)) if extra else None,
        )
        event.update((name, arguments.pop(name)) for name in _EVENT_PARTS if name in arguments)
        event.update(part)
        event.update(data or {})
        if arguments:
            names = ", ".join(sorted(arguments))
            _log.warn("unknown", "captures have no argument %s; what it said was left out", names)
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


def _exception(error: object) -> BaseException | None:
    if isinstance(error, BaseException):
        return error
    if isinstance(error, tuple):
        _, error, _ = error
        if error is not None and not isinstance(error, BaseException):
            raise TypeError("not an exception")
        return error
    return sys.exc_info()[1]


def _is_event_id(value: object) -> bool:
    return type(value) is str and len(value) == 32 and all(digit in "0123456789abcdef" for digit in value)
