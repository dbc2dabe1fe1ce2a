"""What a program talks to."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, overload

from . import arguments as check
from .capture import hooks
from .capture.ask import Decide
from .capture.given import mapping_of
from .capture.maker import Made, Maker, depth
from .capture.once import Once
from .capture.rules import Rules
from .capture.scope import PARTS, Scope
from .capture.settled import Settled, telling
from .capture.wrap import Capturing
from .connect import Transport, TransportFactory, connect
from .dsn import Dsn
from .errors import ConfigurationError
from .events import event as events
from .events import surroundings
from .events.exceptions import traceback_of
from .events.frames import Frames
from .events.scrub import Scrubber
from .events.values import copied
from .ledger import Stats
from .outcome import Outcome
from .own_log import Sparingly, may_capture, show_all
from .pipeline.bound import Flushed
from .request import Request

_log = Sparingly(logging.getLogger("raven.client"))

if TYPE_CHECKING:
    import asyncio

    from typing_extensions import Unpack

_Self = TypeVar("_Self", bound="Client")
_F = TypeVar("_F", bound=Callable[..., Any])
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class ContextArguments(TypedDict, total=False):
    """What can be said of the circumstances, for one event or for all that follow."""

    user: Mapping[str, object] | None
    tags: Mapping[str, object] | None
    extra: Mapping[str, object] | None
    request: Mapping[str, object] | None
    level: events.Level
    fingerprint: list[str]
    transaction: str


class CaptureArguments(ContextArguments, total=False):
    """What all captures take by name."""

    data: Mapping[str, object] | None
    logger: str
    hint: Mapping[str, object] | None


class MessageArguments(CaptureArguments, total=False):
    params: tuple[object, ...] | Mapping[str, object] | None
    stack: bool


class ExceptionArguments(CaptureArguments, total=False):
    exc_info: BaseException | ExcInfo | bool | None
    message: object
    params: tuple[object, ...] | Mapping[str, object] | None
    mechanism: dict[str, Any]


class Client:
    """Captures errors and messages, and delivers them to a Sentry-compatible server.

    >>> client = Client()  # without a DSN it does nothing, and costs nothing
    >>> client.capture_message("hello") is None
    True

    `dsn`: the project's address; None is the environment variable `SENTRY_DSN`. Without one, or with "", the client is
    disabled. Its query string has the transport's options: `https://key@host/1?timeout=5&verify_ssl=0`.
    `transport`: a class such as `HTTPTransport`, a `Stack`, or anything of its shape. None is what the DSN's scheme names,
    as in `sync+https://`, else `ThreadedHTTPTransport`.

    What every event has:
    `release`: None is `SENTRY_RELEASE`, or what the platform calls the commit, or git's commit of the working directory;
    "" is none. `environment`: None is `SENTRY_ENVIRONMENT`. `server_name`: None is the host's name. `tags`: short text by
    name.

    What is captured by itself:
    `install_sys_hook`: exceptions that nobody catches, in any thread. `install_logging_hook`: what is logged, from INFO
    on, as breadcrumbs.

    What an event shows:
    `include_local_variables`: those of each frame. `in_app_include`, `in_app_exclude`: modules (with all that is in them)
    that are the program's own, or not; by default, all is that is not installed as a library. `attach_stacktrace`: the
    stack, on messages too. `max_breadcrumbs`: how many (0 to 1000; default 100).

    What is sent:
    `sample_rate`: the share of events, from 0 to 1. `ignore_exceptions`: classes, and names of such with their modules or
    without, in which * stands for anything; what derives from them is ignored too. `before_send(event, hint)`: returns the
    event to send, or None; the hint may have "exc_info" and "log_record". `before_breadcrumb(crumb, hint)`: likewise.
    `on_settled(event_id, outcome)`: is told what became of each event, in whatever thread knows it: `outcome.reason` is
    None if it was delivered, else why it was dropped. It must not take long, and what it captures is not captured.

    What is a secret is replaced, wherever it stands: what is called a password, token, key, cookie, session, ...; card
    numbers; credentials in URLs. `sanitize_keys`: further names, and parts of names. `send_default_pii`: send network
    addresses of persons too. `unsafe_send_secrets`: True replaces nothing.

    `debug`: write what becomes of each event to stderr.

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
        install_sys_hook: bool = True,
        install_logging_hook: bool = True,
        include_local_variables: bool = True,
        in_app_include: Iterable[str] = (),
        in_app_exclude: Iterable[str] = (),
        attach_stacktrace: bool = False,
        max_breadcrumbs: int = 100,
        sample_rate: float = 1.0,
        ignore_exceptions: Iterable[type[BaseException] | str] = (),
        before_send: Decide | None = None,
        before_breadcrumb: Decide | None = None,
        on_settled: Settled | None = None,
        sanitize_keys: Iterable[str] = (),
        send_default_pii: bool = False,
        unsafe_send_secrets: bool = False,
        debug: bool = False,
    ) -> None:
        address = os.environ.get("SENTRY_DSN", "").strip() if dsn is None else dsn
        same = {
            "release": check.text("release", release, "SENTRY_RELEASE"),
            "environment": check.text("environment", environment, "SENTRY_ENVIRONMENT"),
            "server_name": check.text("server_name", server_name) or surroundings.host_name(),
        }
        settled = check.function("on_settled", on_settled)
        keys = check.texts("sanitize_keys", sanitize_keys)
        personal = check.flag("send_default_pii", send_default_pii)
        secrets = check.flag("unsafe_send_secrets", unsafe_send_secrets)
        scrubber = None if secrets else Scrubber(keys, personal)
        self._rules = Rules(
            check.fraction("sample_rate", sample_rate),
            check.exceptions("ignore_exceptions", ignore_exceptions),
            check.function("before_send", before_send),
        )
        self._scope = Scope(
            check.count("max_breadcrumbs", max_breadcrumbs, 1_000),
            check.function("before_breadcrumb", before_breadcrumb),
            scrubber,
        )
        frames = Frames(
            check.texts("in_app_include", in_app_include),
            check.texts("in_app_exclude", in_app_exclude),
            check.flag("include_local_variables", include_local_variables),
            scrubber,
        )
        self._maker = Maker(
            same,
            check.mapping("tags", tags),
            check.flag("attach_stacktrace", attach_stacktrace),
            frames,
            self._scope,
            scrubber,
        )
        self._once = Once()
        wanted = [hooks.EXCEPTHOOK, hooks.THREADING] if check.flag("install_sys_hook", install_sys_hook) else []
        wanted += [hooks.RECORDS] if check.flag("install_logging_hook", install_logging_hook) else []
        self._hooks: list[hooks.Hook] = []
        self._transport: Transport | None = None
        self._closed = False
        if check.flag("debug", debug):
            show_all()
        if address == "":
            return
        self._transport = connect(Dsn.parse(address), transport)
        if settled is not None:
            observe = getattr(self._transport, "observe", None)
            if observe is None:
                raise ConfigurationError("on_settled: this transport has no observe(), by which it would tell")
            observe(telling(settled))
        if release is None and same["release"] is None:
            same["release"] = surroundings.release()
        for hook in wanted:
            self._install(hook)

    @property
    def enabled(self) -> bool:
        """Whether there is a DSN, and the client is not closed."""
        return self._transport is not None and not self._closed

    def capture_message(self, message: str, **arguments: Unpack[MessageArguments]) -> str | None:
        """Send a message. Returns the event's id, or None when nothing is sent.

        `params`: put into the message's `%s` placeholders; the server groups events by the message without them.
        `stack`: send the stack with it. `level`: "debug", "info", "warning", "error" (the default) or "fatal".
        `tags`: short text by name. `extra`: any values by name. `user`, `request`, `fingerprint`, `transaction`,
        `logger`: as in Sentry's event payload. `data`: whatever else that may have; it goes before all else.
        `hint`: handed to `before_send` with what else it gets.
        """
        return self._safely(self._message, message, arguments)

    def capture_exception(
        self, error: BaseException | ExcInfo | bool | None = None, **arguments: Unpack[ExceptionArguments]
    ) -> str | None:
        """Send an exception with all that led to it. Returns the event's id, or None when nothing is sent.

        `error`: the exception, or what `sys.exc_info()` returned; None (or True) is the one that is being handled now.
        `exc_info` is another name for it. `message`, `params`: what there is to say of it. `mechanism`: how it was
        caught, as in Sentry's event payload. The other arguments are as in `capture_message`. An exception that was
        captured before, further down, is not sent again; the id is that of its event.
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

    @overload
    def capture_exceptions(
        self, *exceptions: type[BaseException], **arguments: Unpack[CaptureArguments]
    ) -> Capturing: ...

    @overload
    def capture_exceptions(self, function: _F, /) -> _F: ...

    def capture_exceptions(self, *exceptions: Any, **arguments: Unpack[CaptureArguments]) -> Any:
        """Capture what a block or a function raises, and let it go on. A context manager, and a decorator.

        `exceptions`: classes; by default `Exception`. Functions may be plain, async, or generators of both kinds.

        >>> client = Client()
        >>> @client.capture_exceptions
        ... def bake(): ...
        >>> with client.capture_exceptions(ValueError, OSError, tags={"oven": 2}):
        ...     bake()
        """

        def capture(error: BaseException) -> None:
            given: Any = {"mechanism": {"type": "capture_exceptions", "handled": False}, **arguments}
            self.capture_exception(error, **given)

        if len(exceptions) == 1 and not isinstance(exceptions[0], type):
            return Capturing(capture, (Exception,))(exceptions[0])
        return Capturing(capture, check.exception_types("capture_exceptions", exceptions or (Exception,)))

    def context(self, **parts: Unpack[ContextArguments]) -> AbstractContextManager[None]:
        """A block in which events have this too. Tags and extra are added to those outside, the others replace them.

        It holds for this thread, task or greenlet, and for tasks that are made in the block.

        >>> client = Client()
        >>> with client.context(user={"id": 7}, tags={"shop": "north"}):
        ...     client.capture_message("sold out")
        """
        return self._scope.within(self._known(parts))

    def add_context(self, **parts: Unpack[ContextArguments]) -> None:
        """`context` without a block: until the end of the one that this is called in, or of the thread or task."""
        self._scope.add(self._known(parts))

    def add_breadcrumb(self, message: object = None, **parts: Any) -> None:
        """Note what happens, for events to come in this thread, task or greenlet.

        `category`: what part of the program it is about. `level`: as in `capture_message`, by default "info". `type`: one
        of Sentry's, by default "default". `data`: values by name. `params`: as in `capture_message`. `timestamp`: seconds
        since 1970, by default now. `hint`: handed to `before_breadcrumb`.
        """
        self._safely(self._breadcrumb, message, parts)

    def install_unraisable_hook(self) -> None:
        """Capture exceptions that can't be raised anywhere, in a `__del__` for one. Until the client is closed."""
        self._install(hooks.UNRAISABLE)

    def install_signal_hook(self) -> None:
        """Before SIGTERM kills the program, deliver what is queued, as at exit. Until the client is closed.

        A handler of the program's own is called in its place, as before; when it exits, what is queued is delivered then.

        Raises `ConfigurationError` anywhere but on the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise ConfigurationError("a signal's handler can be installed on the main thread only")
        from .capture.termination import TERMINATION

        self._install(TERMINATION)

    def install_asyncio_hook(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Capture what a loop reports: the errors of tasks that nobody awaits, and the like. Until the client is closed.

        `loop`: by default the one that runs. Raises `ConfigurationError` if none does.
        """
        if loop is None:
            import asyncio

            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                raise ConfigurationError(
                    "no asyncio loop runs here; call this in a coroutine, or give the loop"
                ) from None
        ours = [each for each in self._hooks if isinstance(each, hooks.LoopHook)]
        for each in ours:
            if each.loop.is_closed():
                self._hooks.remove(each)
        if not any(each.loop is loop for each in ours):
            self._install(hooks.LoopHook(loop))

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Wait until all that was captured so far is delivered or dropped, at most `timeout` seconds.

        The result is true only if all was delivered that was captured since the last flush.
        """
        return Flushed.DELIVERED if self._transport is None else self._transport.flush(timeout)

    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush, then drop what is left and capture no more. Not needed at exit: what is queued is delivered then too."""
        self._end()
        return Flushed.DELIVERED if self._transport is None else self._transport.close(timeout)

    async def aflush(self, timeout: float = 5.0) -> Flushed:
        """`flush`, without blocking the loop of a program that awaits."""
        return Flushed.DELIVERED if self._transport is None else await self._transport.aflush(timeout)

    async def aclose(self, timeout: float = 5.0) -> Flushed:
        """`close`, without blocking the loop of a program that awaits."""
        self._end()
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

    def _install(self, hook: hooks.Hook) -> None:
        if self.enabled:
            self._hooks.append(hook)
            hook.install(self)

    def _end(self) -> None:
        self._closed = True
        while self._hooks:
            self._hooks.pop().uninstall(self)

    def _known(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        unknown = [name for name in parts if name not in PARTS]
        if unknown:
            _log.warn("context", "a context has no %s; what it said was left out", ", ".join(sorted(unknown)))
        return {name: value for name, value in parts.items() if name in PARTS}

    def _safely(
        self, build: Callable[[Any, dict[str, Any]], str | None], subject: object, arguments: Any
    ) -> str | None:
        try:
            if self._transport is None or self._closed or depth.get() > 1 or not may_capture():
                return None
            token = depth.set(depth.get() + 1)
            try:
                return build(subject, arguments)
            finally:
                depth.reset(token)
        except Exception as error:
            # Its text may hold anything that the program handed in, so only its type is told.
            name = type(error).__name__
        try:
            _log.warn("captures", "an event could not be captured: %s was raised", name)
        except Exception:  # not even a logger can be called at the recursion limit
            return None
        return None

    def _message(self, message: object, arguments: dict[str, Any]) -> str | None:
        return self._unless_refused(lambda: self._maker.message(message, arguments, {}))

    def _event(self, event: object, arguments: dict[str, Any]) -> str | None:
        if issubclass(type(event), Mapping):
            return self._unless_refused(lambda: self._maker.event({**arguments, "data": event}, {}))
        kind = event.rpartition(".")[2] if isinstance(event, str) else ""
        if kind == "Message":
            return self._message(arguments.pop("message", ""), arguments)
        if kind == "Exception":
            return self._exception(None, arguments)
        raise ConfigurationError("the events that have a name are raven.events.Message and raven.events.Exception")

    def _exception(self, error: object, arguments: dict[str, Any]) -> str | None:
        raised = _exception(arguments.pop("exc_info", None) if error is None else error)
        if raised is None:
            return None
        known = self._once.find(raised)
        if known is not None:
            return known[0]
        hint = {"exc_info": (type(raised), raised, traceback_of(raised))}
        event_id = self._unless_refused(lambda: self._maker.exception(raised, arguments, hint), raised)
        self._once.mark(raised, event_id)
        return event_id

    def _unless_refused(self, make: Callable[[], Made], error: BaseException | None = None) -> str | None:
        """Make an event and send it, unless the program does not want it. Returns its id, or None."""
        assert self._transport is not None
        refused = self._rules.refuse(error)
        if refused is None:
            event, hint = make()
            if self._rules.decides:
                decided = self._rules.decide(copied(event), hint)
                if isinstance(decided, Outcome):
                    refused = decided
                else:
                    event = self._maker.again(decided, event)
        if refused is not None:
            self._transport.discard(Request(events.new_event_id()), refused)
            return None
        event_id: str = event["event_id"]
        self._transport.send(Request(event_id, "error", event, plain=True))
        return event_id

    def _breadcrumb(self, message: object, parts: dict[str, Any]) -> None:
        params, hint = parts.pop("params", None), parts.pop("hint", None)
        if message is not None:
            parts["message"] = self._maker.text(message, params)
        self._scope.leave_breadcrumb(parts, dict(mapping_of("hint", hint)))


def _exception(error: object) -> BaseException | None:
    if isinstance(error, BaseException):
        return error
    if isinstance(error, tuple):
        _, error, _ = error
        if error is not None and not isinstance(error, BaseException):
            raise TypeError("not an exception")
        return error
    return sys.exc_info()[1]
