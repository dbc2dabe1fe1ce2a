"""What is to become of an event in a file, after a try to deliver it."""

from __future__ import annotations

import enum

from ..errors import Closed, NetworkError, RateLimited, SendError
from ..pipeline.ratelimit import EVERYTHING, limits
from ..pipeline.retry_after import retry_after
from ..request import Response

_LATER = frozenset({408, 429, 502, 503, 504})
_LONGEST_LIMIT = 3_600.0


class Verdict(enum.Enum):
    DELIVERED = "delivered"
    """The server has it."""
    HELD = "held"
    """Nothing is wrong with it: it is tried again later."""
    DEAD = "dead"
    """Whenever it is sent again, it fails again."""


def verdict(result: object) -> Verdict:
    """Judge what a stack returned or raised.

    A network that fails is never the event's fault, nor is a certificate or a proxy that is refused: whoever repairs that
    wants the events then. Nor is it that the transport is closed meanwhile.
    """
    if isinstance(result, Response):
        if result.delivered:
            return Verdict.DELIVERED
        return Verdict.HELD if result.status in _LATER else Verdict.DEAD
    if isinstance(result, SendError) and (result.transient or isinstance(result, (Closed, NetworkError, RateLimited))):
        return Verdict.HELD
    return Verdict.DEAD


def is_down(result: object) -> bool:
    """Whether there was no answer at all."""
    return isinstance(result, NetworkError)


def asked_pause(result: object, category: str) -> float:
    """For how many seconds the server wants no more events of this category; 0.0 if it has not said."""
    if isinstance(result, Response):
        asked = [seconds for each, seconds in limits(result, _LONGEST_LIMIT) if each in (category, EVERYTHING)]
        return max(retry_after(result.headers.get("retry-after"), _LONGEST_LIMIT) or 0.0, *asked, 0.0)
    seconds = getattr(result, "seconds", 0.0)
    return float(seconds) if isinstance(result, SendError) else 0.0
