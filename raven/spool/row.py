"""One event at rest. What is read back is believed no further than it has to be."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..request import Request

LONGEST_BODY = 100 * 1_048_576
"""Bytes; no server takes more. A row that claims a longer one is not read."""

_ID = re.compile(r"[0-9a-f]{32}")
_WORD = re.compile(r"[a-z_]{1,32}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\x20-\x7e\xa0-\xff]*")


@dataclass(frozen=True)
class Row:
    """An event in a file. `stored` is when it came, in seconds since 1970 by the clock of that time."""

    id: int
    event: str
    category: str
    stored: float
    headers: dict[str, str]
    endpoint: str | None
    body: bytes

    def request(self) -> Request:
        """A new request for it, with a fate of its own."""
        return Request(self.event, self.category, body=self.body, headers=self.headers, endpoint=self.endpoint)


def columns(number: int, request: Request, now: float) -> tuple[Any, ...]:
    """What is written of a request."""
    headers = json.dumps(request.headers) if request.headers else None
    return (number, request.id, request.category, now, headers, request.endpoint, request.body)


def read(values: Sequence[Any]) -> Row | None:
    """The event that these columns hold; None if they hold none that we would have written."""
    number, event, category, stored, headers, endpoint, body = values
    if not (
        _is(event, _ID)
        and _is(category, _WORD)
        and type(body) is bytes
        and type(stored) is float
        and (endpoint is None or _is(endpoint, _WORD))
    ):
        return None
    known = _headers(headers)
    return None if known is None else Row(number, event, category, stored, known, endpoint, body)


def _is(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _headers(text: object) -> dict[str, str] | None:
    if text is None:
        return {}
    try:
        found = json.loads(text) if isinstance(text, str) and len(text) < 65_536 else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fits = all(isinstance(value, str) and _HEADER.fullmatch(f"{name}:{value}") for name, value in found.items())
    return found if fits else None
