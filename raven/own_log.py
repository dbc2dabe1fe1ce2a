"""What Raven itself logs: seldom, and so that it is never captured.

A program may capture all that is logged. What is logged because of a capture or a delivery must not become an event that is
delivered in turn.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar

from .outcome import Outcome
from .request import Request

logger = logging.getLogger("raven.delivery")

_INTERVAL = 60.0
"""Seconds between two lines about the same thing."""

_silenced: ContextVar[bool] = ContextVar("raven_silenced", default=False)
_lines_silenced: ContextVar[bool] = ContextVar("raven_lines_silenced", default=False)


def may_capture() -> bool:
    """Whether anything is to be captured here. Not what comes of one of our own lines, or of a function that we ask."""
    return not _silenced.get()


def may_capture_lines() -> bool:
    """Whether what is logged is to be captured here. Not what is logged because an event is delivered."""
    return not (_silenced.get() or _lines_silenced.get())


class _While:
    """A context manager for a block in which a variable is true.

    No generator, and leaving calls nothing that entering doesn't: or at the recursion limit the block could be entered and
    not left, and nothing would ever be captured again.
    """

    __slots__ = ("_token", "_variable")

    def __init__(self, variable: ContextVar[bool]) -> None:
        self._variable = variable

    def __enter__(self) -> None:
        self._token = self._variable.set(True)

    def __exit__(self, *exc_info: object) -> None:
        try:
            self._variable.reset(self._token)
        except ValueError:  # a coroutine that nobody carries on is closed wherever it is collected
            return


def not_capturing() -> _While:
    """A block in which nothing is captured, because what happens in it comes of capturing."""
    return _While(_silenced)


def not_capturing_lines() -> _While:
    """A block in which what is logged is not captured: it would become a delivery, which logs, and so on."""
    return _While(_lines_silenced)


class Sparingly:
    """Writes at most one line a minute for each key, and says how many were left out before it. Never raises."""

    def __init__(self, logger: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._monotonic = monotonic
        self._next: dict[str, float] = {}
        self._silent: dict[str, int] = {}

    def warn(self, key: str, message: str, *arguments: object) -> None:
        """Log a warning, unless one with this key was logged in the last minute. For keys of a small number."""
        now = self._monotonic()
        if _silenced.get() or now < self._next.get(key, now):
            self._silent[key] = self._silent.get(key, 0) + 1
            return
        self._next[key] = now + _INTERVAL
        others = self._silent.pop(key, 0)
        try:
            with not_capturing():
                self._logger.warning(
                    message + "%s", *arguments, f"; {others} others since the last such line" if others else ""
                )
        except Exception:  # a handler of the program's own is broken
            return


class FailureLog:
    """An observer of a ledger that writes a line when events fail: why, and how many others did.

    Not for those that are dropped because the program closes or exits: it knows.
    """

    def __init__(self, monotonic: Callable[[], float], server: str) -> None:
        self._log = Sparingly(logger, monotonic)
        self._server = server

    def __call__(self, request: Request, outcome: Outcome) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            with not_capturing():
                logger.debug("event %s: %s %s", request.id, outcome.reason or "delivered", outcome.detail)
        if outcome.reason is not None and outcome.failed and outcome.reason != "shutdown":
            line = "an event was not delivered to %s (%s): %s"
            self._log.warn(outcome.reason, line, self._server, outcome.reason, outcome.detail)


def show_all() -> None:
    """Write all that we log to stderr, what becomes of each event included. Once, however often it is called."""
    ours = logging.getLogger("raven")
    ours.setLevel(logging.DEBUG)
    if not any(isinstance(each, _Shown) for each in ours.handlers):
        handler = _Shown(sys.stderr)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        ours.addHandler(handler)


class _Shown(logging.StreamHandler):  # type: ignore[type-arg]  # it takes none when it runs
    """A handler of ours, so that it can be told from others."""
