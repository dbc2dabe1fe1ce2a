"""The places where the interpreter tells of an error that nobody caught, and of each line that is logged.

Each is a function that anybody may replace, so ours calls the one that was there before. It is put back when the last
client that wanted to know is closed, unless somebody has put another in front of ours meanwhile: then ours stays, and does
nothing but pass on.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events.event import level_name

if TYPE_CHECKING:
    import asyncio

    from ..client import Client

Tell = Callable[["Client", Any], None]


class Hook:
    """One such place. `get` and `put` read and replace its function, which is None where there is only a default.

    `tell(client, arguments)` tells a client; with `of_result`, of what the function before ours returned.
    """

    def __init__(
        self, get: Callable[[], Any], put: Callable[[Any], object], tell: Tell, *, of_result: bool = False
    ) -> None:
        self._get, self._put, self._tell, self._of_result = get, put, tell, of_result
        self._clients: tuple[Client, ...] = ()
        self._installed = False
        self._previous: Callable[..., Any] | None = None
        self._ours = self._call  # one object, to be known by

    def install(self, client: Client) -> None:
        """Have the client told. Once, however often this is called."""
        if client not in self._clients:
            self._clients += (client,)
        if not self._installed:
            self._previous = self._get()
            self._installed = True
            self._put(self._ours)

    def uninstall(self, client: Client) -> None:
        """Tell it no more."""
        self._clients = tuple(each for each in self._clients if each is not client)
        if not self._clients and self._installed and self._get() is self._ours:
            self._put(self._previous)
            self._installed = False

    def _call(self, *arguments: Any, **options: Any) -> Any:
        if self._of_result:
            result = self._pass_on(*arguments, **options)
            self._tell_all(result)
            return result
        self._tell_all(arguments)
        return self._pass_on(*arguments, **options)

    def _tell_all(self, subject: Any) -> None:
        for client in self._clients:
            self._tell(client, subject)

    def _pass_on(self, *arguments: Any, **options: Any) -> Any:
        return None if self._previous is None else self._previous(*arguments, **options)


class LoopHook(Hook):
    """Where an asyncio loop tells of an error that no task's owner will hear of."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop.get_exception_handler, loop.set_exception_handler, _uncaught_in_loop)
        self.loop = loop

    def _pass_on(self, *arguments: Any, **options: Any) -> Any:
        if self._previous is not None:
            return self._previous(*arguments)
        return self.loop.default_exception_handler(arguments[1])


def _of(owner: Any, name: str, tell: Tell) -> Hook:
    return Hook(lambda: getattr(owner, name), lambda function: setattr(owner, name, function), tell)


def _unhandled(mechanism: str) -> dict[str, Any]:
    return {"type": mechanism, "handled": False}


def _uncaught(client: Client, arguments: Any) -> None:
    error = arguments[1]
    # Ctrl-C is no error, and neither is what is tried out at a prompt.
    if isinstance(error, BaseException) and not isinstance(error, KeyboardInterrupt) and not hasattr(sys, "ps1"):
        client.capture_exception(error, level="fatal", mechanism=_unhandled("excepthook"))


def _uncaught_in_thread(client: Client, arguments: Any) -> None:
    error = arguments[0].exc_value
    if error is not None and not isinstance(error, SystemExit):
        client.capture_exception(error, mechanism=_unhandled("threading"))


def _unraisable(client: Client, arguments: Any) -> None:
    if arguments[0].exc_value is not None:
        client.capture_exception(arguments[0].exc_value, mechanism=_unhandled("unraisablehook"))


def _uncaught_in_loop(client: Client, arguments: Any) -> None:
    details = arguments[1]
    error = details.get("exception")
    if isinstance(error, BaseException):
        client.capture_exception(error, mechanism=_unhandled("asyncio"), extra={"asyncio": details.get("message")})
    else:
        client.capture_message(details.get("message", "an asyncio loop reported an error"), logger="asyncio")


def _logged(client: Client, record: Any) -> None:
    # What makeLogRecord makes has no level yet; and our own lines are not the program's.
    if type(record.levelno) is not int or record.levelno < logging.INFO or is_ours(record.name):
        return
    client.add_breadcrumb(
        record.msg,
        params=record.args,
        category=record.name,
        level=level_name(record.levelno),
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
RECORDS = Hook(logging.getLogRecordFactory, logging.setLogRecordFactory, _logged, of_result=True)
