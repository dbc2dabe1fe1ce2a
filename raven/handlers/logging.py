"""A handler for Python's `logging` that captures what is logged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

from .. import arguments as check
from ..capture.hooks import is_ours
from ..client import Client
from ..errors import ConfigurationError, InvalidOption
from ..events.event import level_name
from ..own_log import may_capture_lines
from ..runtimes.start_thread import start_thread

# What a record has anyway; all else came by `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Parts of the event that `extra=` may have. Other libraries use the same names for other things: Django's "request" is an
# object, Logstash's "tags" are a list.
_PARTS: dict[str, type | tuple[type, ...]] = {
    "tags": Mapping,
    "user": Mapping,
    "request": Mapping,
    "fingerprint": (list, tuple),
    "transaction": str,
}


class SentryHandler(logging.Handler):
    """Captures each record, with its exception or its stack if it has one, and what `extra=` gave it.

    `client`: the client, or a DSN for a client of the handler's own, which it closes when it is closed itself; None is
    `SENTRY_DSN`. `level`: the least that is captured, a name or a number; by default `logging.ERROR`. `tags`: on every
    event. `options`: what `Client` takes by name, for a client of its own.

    In `extra=`, the mappings "tags", "user" and "request", the list "fingerprint" and the text "transaction" are those
    parts of the event, "stack": True adds the stack, and all else goes to the event's extra data, as does what is in the
    mapping "data".

    In a `logging.config.dictConfig`: `{"class": "raven.handlers.logging.SentryHandler", "level": "ERROR"}`, with "dsn" or
    with "client": "ext://shop.reporting.client".
    """

    def __init__(
        self,
        client: Client | str | None = None,
        level: int | str = logging.ERROR,
        *,
        dsn: str | None = None,
        tags: Mapping[str, object] | None = None,
        **options: Any,
    ) -> None:
        if isinstance(client, Client):
            if dsn is not None or options:
                raise ConfigurationError(
                    "client: with a client of yours, no dsn and no options of a client are accepted"
                )
        elif client is not None and not isinstance(client, str):
            raise ConfigurationError(f"client: a Client or a DSN is accepted, not {type(client).__name__}")
        elif client is not None and dsn is not None:
            raise ConfigurationError("client, dsn: one DSN is accepted, not two")
        self._tags = check.mapping("tags", tags)
        self._own: Client | None = None
        try:
            super().__init__(level)
        except (TypeError, ValueError):
            raise InvalidOption("level: a level of logging is accepted, its name or its number") from None
        if isinstance(client, Client):
            self.client = client
        else:
            self.client = self._own = Client(client if dsn is None else dsn, **options)

    def createLock(self) -> None:
        """There is no lock: nothing here needs one, and what is captured may take locks of the program's own."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> Any:
        """As in `logging.Handler`, but without its lock."""
        passed: Any = self.filter(record)  # from Python 3.12, a filter may return another record
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return passed

    def emit(self, record: logging.LogRecord) -> None:
        """Capture a record. Never raises, and captures nothing that Raven itself has logged."""
        if is_ours(record.name) or not may_capture_lines():
            return
        try:
            self._capture(record)
        except Exception:
            self.handleError(record)

    def _capture(self, record: logging.LogRecord) -> None:
        given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        parts: dict[str, Any] = {
            name: given.pop(name) for name, kinds in _PARTS.items() if issubclass(type(given.get(name)), kinds)
        }
        stack = record.stack_info is not None
        if given.get("stack") is True:
            stack = given.pop("stack")
        if stack and record.thread != threading.get_ident():  # a queue lies between: the stack here is not the record's
            given["stack"], stack = record.stack_info, False
        if issubclass(type(given.get("data")), dict):
            given.update(given.pop("data"))
        given["logged_by"] = f"{record.pathname}, line {record.lineno}, in {record.funcName}"
        parts["tags"] = {**self._tags, **parts.get("tags", {})}
        parts.update(level=level_name(record.levelno), logger=record.name, extra=given, hint={"log_record": record})
        error = _error_of(record.exc_info)
        if error is None:
            self.client.capture_message(record.msg, params=record.args, stack=stack, **parts)
        else:
            mechanism = {"type": "logging", "handled": True}
            self.client.capture_exception(error, message=record.msg, params=record.args, mechanism=mechanism, **parts)

    def close(self) -> None:
        """Close the client, if it is the handler's own, after what it has captured is delivered."""
        super().close()
        if self._own is None:
            return
        if _is_being_configured():  # a delivery that is to log something, or to import what will, waits for us
            start_thread(self._own.close)
        else:
            self._own.close()


def _is_being_configured() -> bool:
    """Whether this thread holds the lock of `logging`, as `logging.config` does while it closes the handlers before it."""
    lock: Any = getattr(logging, "_lock", None)
    return hasattr(lock, "_is_owned") and bool(lock._is_owned())


def _error_of(exc_info: Any) -> BaseException | None:
    """A record's exception. One that `makeLogRecord` made may have all that `exc_info=` takes."""
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        exc_info = exc_info[1]
    return exc_info if isinstance(exc_info, BaseException) else None
