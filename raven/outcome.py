"""What became of an event: one pure function, whatever the stack looks like."""

from __future__ import annotations

from .errors import SendError
from .events.messages import message_of
from .frozen import Frozen
from .request import Response

DELIBERATE = frozenset({"before_send", "sample_rate", "ignored", "event_processor"})
"""Reasons of drops that the program asked for. They are counted, and are no failures."""

NO_FAILURES = DELIBERATE | {"spooled"}
"""Those, and what is not dropped at all: it is on disk when the process ends, and another one will deliver it."""


class Outcome(Frozen):
    """How an event ended: delivered (`reason` is None), or dropped, for a reason, or left on disk ("spooled").

    `reason` is one of Sentry's client-report reasons where Sentry has one. Ours are "rate_limited" (the server refused
    the event with 429 and counted it itself) and "shutdown". `detail` is for people, and has no secret in it.
    """

    reason: str | None = None
    detail: str = ""

    @property
    def failed(self) -> bool:
        """It was dropped, and nobody had asked for that."""
        return self.reason is not None and self.reason not in NO_FAILURES


DELIVERED = Outcome()
BEFORE_SEND = Outcome("before_send", "before_send returned None")
IGNORED = Outcome("ignored", "ignore_exceptions names it")
SPOOLED = Outcome("spooled", "it stays on disk, for the next process")
SAMPLE_RATE = Outcome("sample_rate", "sample_rate left it out")


def outcome_of(result: object) -> Outcome:
    """Turn what a stack returned or raised into what became of the event."""
    if isinstance(result, Response):
        if result.delivered:
            return DELIVERED
        if result.status == 429:
            return Outcome("rate_limited", "the server answered 429 (too many events)")
        return Outcome("send_error", f"the server answered {result.status}")
    if isinstance(result, SendError):
        return Outcome(result.reason, message_of(result))
    if isinstance(result, BaseException):
        return Outcome("internal_sdk_error", f"a stage raised {type(result).__name__}{_where(result)}")
    return Outcome("internal_sdk_error", f"a stage returned {type(result).__name__} and not a Response")


def _where(error: BaseException) -> str:
    """Where an error was raised. Not what it says: that may hold anything, a piece of the event for one."""
    traceback = error.__traceback__
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code
    return f" in {code.co_name} ({code.co_filename}:{traceback.tb_lineno})"
