"""Tell people that events are being lost, once and not once per event."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .outcome import Outcome
from .request import Request

logger = logging.getLogger("raven.delivery")

_INTERVAL = 60.0
"""Seconds between two lines about the same kind of failure."""


class FailureLog:
    """An observer of a ledger that writes a warning when events fail: at most one a minute for each reason.

    The line says why the event failed, and how many failed for that reason since the line before.
    """

    def __init__(self, monotonic: Callable[[], float], server: str) -> None:
        self._monotonic = monotonic
        self._server = server
        self._next: dict[str, float] = {}
        self._silent: dict[str, int] = {}
        self._thread = threading.local()

    def __call__(self, request: Request, outcome: Outcome) -> None:
        if outcome.reason is None or not outcome.failed:
            return
        now = self._monotonic()
        # A logging handler that captures what it is given would bring us back here.
        if now < self._next.get(outcome.reason, now) or getattr(self._thread, "busy", False):
            self._silent[outcome.reason] = self._silent.get(outcome.reason, 0) + 1
            return
        self._next[outcome.reason] = now + _INTERVAL
        others = self._silent.pop(outcome.reason, 0)
        self._thread.busy = True
        try:
            logger.warning(
                "an event was not delivered to %s (%s): %s%s",
                self._server,
                outcome.reason,
                outcome.detail,
                f"; {others} others since the last such line" if others else "",
            )
        finally:
            self._thread.busy = False
