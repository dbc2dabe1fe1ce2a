"""Tell the server what was dropped."""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Mapping
from typing import ClassVar

from .. import at_exit
from ..errors import NetworkError, Unserializable
from ..events.event import new_event_id
from ..options import option
from ..own_log import not_capturing_lines
from ..request import Request, Response, Send
from ..runtimes import drive
from ..timestamp import timestamp
from .stage import Context, Stage

_LONGEST = 2.0
"""Seconds that a report may take. It is no loss if one fails: the next one tells the same."""

REPORTED = frozenset({
    "before_send", "cache_overflow", "event_processor", "ignored", "internal_sdk_error", "invalid", "network_error",
    "queue_overflow", "ratelimit_backoff", "sample_rate", "send_error",
})  # fmt: skip
"""Reasons that the server wants to hear of. Those that it refused with 429 it has counted itself."""


class Report(Stage):
    """Tell the server how many events were dropped, and why, by reports of their own.

    Stands below Queue, so that a full queue is no hindrance, and above RateLimit and Envelope, which a report passes like
    an event. One leaves before an event does, if there is something to tell, and at most every `report_interval` seconds
    (default 30; None: never); and with each flush, at close and at exit. None is sent to a server that did not take the
    last event. What a report told that was not acknowledged is told again by the next one.
    (Sentry: "telemetry/client-reports".)
    """

    role: ClassVar[str] = "report"
    below: ClassVar[dict[str, str]] = {"queue": "it would wait for the reports, and a full queue drop them"}

    report_interval: float | None = option(30.0, minimum=0, unit="seconds")

    def bind(self, send: Send, context: Context) -> BoundReport:
        return BoundReport(self, send, context)


class BoundReport:
    """What one transport has told in one process. The counts themselves are the ledger's."""

    def __init__(self, report: Report, send: Send, context: Context) -> None:
        self._interval = math.inf if report.report_interval is None else report.report_interval
        self._send = send
        self._context = context
        self._monotonic = context.runtime.monotonic
        self._told: Mapping[str, int] = {}
        self._next = self._monotonic() + self._interval
        self._is_welcome = True  # where the last event was taken; before there is one, let us hope
        self._is_wanted = True
        self._right = deque([None])  # to tell, which one has at a time, so that nothing is told twice
        self._process = os.getpid()
        at_exit.register_report(self)

    async def __call__(self, request: Request) -> Response:
        if self._monotonic() >= self._next:
            await self._tell(self._send, self._monotonic() + _LONGEST)
        try:
            response = await self._send(request)
        except NetworkError:
            self._is_welcome = False
            raise
        self._is_welcome = response.delivered
        return response

    async def report(self, deadline: float) -> None:
        """Tell what there is to tell, until the deadline. Never raises because of what becomes of it."""
        await self._tell(self._send, deadline)

    def report_here(self, deadline: float) -> None:
        """The same in the calling thread, where the runtime can't be waited for."""
        send = self._context.twin() if self._news() else None
        if send is not None:
            drive(self._tell(send, deadline))

    def drain(self, seconds: float) -> None:
        """The same while the interpreter exits, for so many seconds at most."""
        if os.getpid() == self._process:
            self.report_here(self._monotonic() + seconds)

    def _news(self) -> dict[str, int]:
        """How many were dropped that the server was not told of, by reason."""
        if not (self._is_wanted and self._is_welcome):
            return {}
        dropped = self._context.ledger.stats().dropped
        counts = {reason: count - self._told.get(reason, 0) for reason, count in dropped.items() if reason in REPORTED}
        return {reason: count for reason, count in counts.items() if count}

    async def _tell(self, send: Send, deadline: float) -> None:
        try:
            self._right.pop()
        except IndexError:
            return
        try:
            news = self._news()
            if news:
                self._next = self._monotonic() + self._interval
                deadline = min(deadline, self._monotonic() + _LONGEST)
                request = Request(new_event_id(), "client_report", body=_body(news), deadline=deadline, latest=deadline)
                if await self._is_taken(send, request):
                    told = {reason: self._told.get(reason, 0) + count for reason, count in news.items()}
                    self._told = {**self._told, **told}
        finally:
            self._right.append(None)

    async def _is_taken(self, send: Send, request: Request) -> bool:
        try:
            with not_capturing_lines():
                response = await send(request)
        except Unserializable:  # it is framed by Store, which can't carry it
            self._is_wanted = False
            return False
        except NetworkError:
            self._is_welcome = False
            return False
        except Exception:  # a rate limit, or a stage of the program's own that fails over what is no event
            return False
        return response.delivered


def _body(counts: Mapping[str, int]) -> bytes:
    discarded = [{"reason": reason, "category": "error", "quantity": count} for reason, count in counts.items()]
    return json.dumps({"timestamp": timestamp(), "discarded_events": discarded}).encode()
