"""Read the header `Retry-After`."""

from __future__ import annotations

import math
import time

from ..first_import import first_import

_LONGEST_TEXT = 64


def retry_after(value: str | None, ceiling: float) -> float | None:
    """The seconds that a `Retry-After` header asks to wait, from 0 to `ceiling`; None if it says nothing usable.

    It is a number of seconds, which some servers send with a fraction, or an HTTP date (RFC 9110, 10.2.3).
    """
    if value is None or len(value) > _LONGEST_TEXT:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, ceiling)
    return None if math.isnan(seconds) or seconds < 0 else min(seconds, ceiling)


def _seconds_until(date: str, ceiling: float) -> float | None:
    try:
        with first_import():
            from email.utils import parsedate_to_datetime  # a date is rare, and this module takes long to import

        seconds = parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(0.0, seconds), ceiling)
