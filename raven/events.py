"""Build events: the dicts that a server stores, in the form of Sentry's event payload."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Literal

from ._version import VERSION
from .stacktrace import exception_values
from .values import clip, simplify

Level = Literal["debug", "info", "warning", "error", "fatal"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error", "fatal")

LONGEST_MESSAGE = 8_192
_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{4}|\*)")
_LONGEST_TAG = 200


def new_event_id() -> str:
    """32 hexadecimal digits. An id is used once: servers store one id once."""
    return uuid.uuid4().hex


def base_event(**parts: Any) -> dict[str, Any]:
    """What every event has, and those parts that are not None."""
    event: dict[str, Any] = {
        "event_id": new_event_id(),
        "timestamp": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
        "platform": "python",
        "sdk": {"name": "raven", "version": VERSION},
    }
    event.update((key, value) for key, value in parts.items() if value is not None)
    return event


def message_part(message: object, params: tuple[object, ...] = ()) -> dict[str, Any]:
    """The interface of a message, and of the values that its placeholders stand for."""
    text = clip(message, LONGEST_MESSAGE) if type(message) is str else str(simplify(message, length=LONGEST_MESSAGE))
    if not params:
        return {"logentry": {"message": text, "formatted": text}}
    values = [simplify(value) for value in params]
    return {"logentry": {"message": text, "params": values, "formatted": _formatted(text, values)}}


def _formatted(text: str, values: list[Any]) -> str:
    if _WIDE.search(text):  # a field of a million blanks
        return text
    try:
        return clip(text % tuple(values), LONGEST_MESSAGE)
    except (TypeError, ValueError, OverflowError):  # the placeholders don't fit the values
        return text


def exception_part(error: BaseException) -> dict[str, Any]:
    """The interface of an exception: it, and those that led to it."""
    return {"exception": {"values": exception_values(error)}}


def tags_part(*tags: Mapping[str, object] | None) -> dict[str, str] | None:
    """Tags are short text. Of those with the same name the last is taken."""
    merged = {str(simplify(key)): value for each in tags if each for key, value in each.items()}
    return {key: clip(str(simplify(value)), _LONGEST_TAG) for key, value in merged.items()} or None
