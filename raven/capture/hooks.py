"""The places where the interpreter tells of an error that nobody caught, and of each line that is logged.

Each is a function that anybody may replace, so ours calls the one that was there before. That one is put back when the
last client that wanted to know is closed, unless somebody has put another in front of ours meanwhile: then ours stays, and
does nothing but pass on.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..events.event import level_name
from ..own_log import Sparingly
from .rules import is_one_of

if TYPE_CHECKING:
    import asyncio

    from ..client import Client

_log = Sparingly(logging.getLogger("raven.client"))

Tell = Callable[["Client", Any], None]


class Hook:
    """One such place. `get` and `put` read and replace its function; `default` does what is done when there is none.

    `tell(client, arguments)` tells a client; with `of_result`, of what the function before ours returned.
    """

    def __init__(
        self,
        get: Callable[[], Any],
        put: Callable[[Any], object],
        tell: Tell,
        default: Callable[..., Any],
        *,
        of_result: bool = False,
    ) -> None:
        self._get, self._put, self._tell, self._default, self._of_result = get, put, tell, default, of_result
        self.clients: dict[Client, None] = {}
        self._telling: ContextVar[bool] = ContextVar("raven_telling", default=False)

    def install(self, client: Client) -> None:
        """Have the client told. Once, however often this is called."""
        self.clients[client] = None
        # If another's function is in front now, it may pass on to one of ours, or may not.
        if not self._is_ours(self._get()):
            self._put(_Link(self, self._get()))

    def uninstall(self, client: Client) -> None:
        """Tell it no more."""
        self.clients.pop(client, None)
        while isinstance(front := self._get(), _Link) and not front.hook.clients:
            self._put(front.previous)

    def call(self, previous: Callable[..., Any] | None, arguments: Any, options: Any) -> Any:
        """Pass on to the function that was there before, and tell the clients, if that is not being done already."""
        pass_on = self._default if previous is None else previous
        if self._telling.get():
            return pass_on(*arguments, **options)
        token = self._telling.set(True)
        try:
            if not self._of_result:
                self._tell_all(arguments)
            result = pass_on(*arguments, **options)
        finally:
            self._telling.reset(token)
        if self._of_result:
            self._tell_all(result)
        return result

    def _tell_all(self, subject: Any) -> None:
        for client in tuple(self.clients):
            try:
                self._tell(client, subject)
            except Exception as error:  # a record may be anything that the program's own factory made
                _log.warn("hook", "what a hook was told could not be captured: %s was raised", type(error).__name__)

    def _is_ours(self, function: Any) -> bool:
        return isinstance(function, _Link) and function.hook is self


class _Link:
    """The function that is put in such a place. It stays in the chain if others are in front, and then only passes on."""

    def __init__(self, hook: Hook, previous: Callable[..., Any] | None) -> None:
        self.hook, self.previous = hook, previous

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self.hook.call(self.previous, arguments, options)


class LoopHook(Hook):
    """Where an asyncio loop tells of an error that no task's owner will hear of."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        get, put = loop.get_exception_handler, loop.set_exception_handler
        super().__init__(get, put, _uncaught_in_loop, lambda _, details: loop.default_exception_handler(details))
        self.loop = loop


def _of(owner: Any, name: str, tell: Tell) -> Hook:
    default = getattr(owner, f"__{name}__")
    return Hook(lambda: getattr(owner, name, None), lambda function: setattr(owner, name, function), tell, default)


def _unhandled(mechanism: str) -> dict[str, Any]:
    return {"type": mechanism, "handled": False}


def _uncaught(client: Client, arguments: Any) -> None:
    error = arguments[1]
    # Ctrl-C is no error, and neither is what is tried out at a prompt.
    if error is not None and not is_one_of(error, (KeyboardInterrupt,)) and not hasattr(sys, "ps1"):
        client.capture_exception(error, level="fatal", mechanism=_unhandled("excepthook"))


def _uncaught_in_thread(client: Client, arguments: Any) -> None:
    error, thread = arguments[0].exc_value, arguments[0].thread
    if error is None or isinstance(error, SystemExit):
        return
    about = {"id": thread.ident, "name": thread.name, "current": True, "crashed": True} if thread is not None else {}
    client.capture_exception(error, mechanism=_unhandled("threading"), data={"threads": {"values": [about]}})


def _unraisable(client: Client, arguments: Any) -> None:
    if arguments[0].exc_value is not None:
        client.capture_exception(arguments[0].exc_value, mechanism=_unhandled("unraisablehook"))


def _uncaught_in_loop(client: Client, arguments: Any) -> None:
    details = arguments[1]
    error = details.get("exception")
    if error is not None:
        client.capture_exception(error, mechanism=_unhandled("asyncio"), extra={"asyncio": details.get("message")})
    else:
        client.capture_message(details.get("message", "an asyncio loop reported an error"), logger="asyncio")


def _logged(client: Client, record: Any) -> None:
    # What makeLogRecord makes has no level yet; and our own lines are not the program's.
    level = record.levelno
    if not issubclass(type(level), int) or level < logging.INFO or is_ours(record.name):
        return
    client.add_breadcrumb(
        record.msg,
        params=record.args,
        category=record.name,
        level=level_name(level),
        type="log",
        timestamp=record.created,
        hint={"log_record": record},
    )


def is_ours(logger: object) -> bool:
    """Whether a logger of this name is one of Raven's."""
    return isinstance(logger, str) and (logger == "raven" or logger.startswith("raven."))


EXCEPTHOOK = _of(sys, "excepthook", _uncaught)
THREADING = _of(threading, "excepthook", _uncaught_in_thread)
UNRAISABLE = _of(sys, "unraisablehook", _unraisable)
# Not a handler of the root logger: it would miss what doesn't propagate, and keep logging.basicConfig from doing anything.
RECORDS = Hook(logging.getLogRecordFactory, logging.setLogRecordFactory, _logged, logging.LogRecord, of_result=True)
