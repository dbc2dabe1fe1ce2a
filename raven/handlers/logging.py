"""A handler for Python's `logging` that captures what is logged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

from ..capture.hooks import is_ours
from ..client import Client
from ..errors import ConfigurationError
from ..events.event import level_name

# What a record has anyway; all else came by `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# What raven-python took from `extra=` as parts of the event.
_PARTS = ("tags", "data", "user", "request", "fingerprint", "transaction")


class SentryHandler(logging.Handler):
    """Captures each record, with its exception or its stack if it has one, and what `extra=` gave it.

    `client`: the client, or a DSN for a client of the handler's own, which it closes when it is closed itself; None is
    `SENTRY_DSN`. `level`: the least that is captured, a name or a number; by default `logging.ERROR`. `tags`: on every
    event. `options`: what `Client` takes by name, for a client of its own.

    In `extra=`, "tags", "user", "request", "fingerprint", "transaction" and "data" are those parts of the event, "stack":
    True adds the stack, and all else goes to the event's extra data.

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
        super().__init__(level)
        self._tags = dict(tags or {})
        self._own = None if isinstance(client, Client) else Client(client if dsn is None else dsn, **options)
        self.client: Client = client if isinstance(client, Client) else self._own  # type: ignore[assignment]

    def emit(self, record: logging.LogRecord) -> None:
        """Capture a record. Never raises, and captures nothing that Raven itself has logged."""
        if is_ours(record.name):
            return
        given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        stack = given.pop("stack", False) or record.stack_info
        parts: dict[str, Any] = {name: given.pop(name) for name in _PARTS if name in given}
        if stack and record.thread != threading.get_ident():  # a queue lies between: the stack here is not the record's
            given["stack"], stack = record.stack_info, False
        given["logged_by"] = f"{record.pathname}:{record.lineno} in {record.funcName}"
        parts["tags"] = {**self._tags, **(parts.get("tags") or {})}
        parts.update(level=level_name(record.levelno), logger=record.name, extra=given, hint={"log_record": record})
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            self.client.capture_message(record.msg, params=record.args or (), stack=bool(stack), **parts)
        else:
            mechanism = {"type": "logging", "handled": True}
            self.client.capture_exception(
                error, message=record.msg, params=record.args or (), mechanism=mechanism, **parts
            )

    def close(self) -> None:
        """Close the client, if it is the handler's own, after what it has captured is delivered."""
        if self._own is not None:
            self._own.close()
        super().close()
