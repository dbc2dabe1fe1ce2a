"""Events: the dicts that a server stores, in the form of Sentry's event payload."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Mapping
from typing import Any, Literal

from .._version import VERSION
from ..timestamp import timestamp
from .clip import clip
from .kinds import is_decimal
from .messages import quoted, text_of
from .scrub import FILTERED
from .values import Simplifier

Level = Literal["debug", "info", "warning", "error", "fatal"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error", "fatal")

_NUMBERS: tuple[tuple[int, Level], ...] = ((50, "fatal"), (40, "error"), (30, "warning"), (20, "info"))

LONGEST_MESSAGE = 8_192
_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{4}|\*)")
_LONGEST_TAG = 200
_MOST_TAGS = 100
_MOST_PARAMS = 200
_NUMERIC = (int, float, bool, type(None))

NEEDED_PARTS = ("event_id", "timestamp", "platform", "sdk")
"""What there is no event without."""

OWN_PARTS = (*NEEDED_PARTS, "modules")
"""What is never searched for secrets: it has no text of the program's."""


_KIND = 0xF << 76 | 0x3 << 62
"""The bits of a UUID that say what kind it is."""
_UUID_4 = 0x4 << 76 | 0x2 << 62

_numbers: dict[int, random.Random] = {}
"""By process: one that was forked would draw the numbers of its parent."""


def new_event_id() -> str:
    """32 hexadecimal digits, those of a UUID 4. An id is used once: servers store one id once.

    Not by `uuid4`, which asks the system for random bytes: that lets other threads run, for milliseconds perhaps, in the
    middle of a capture. The clock is in it too, because of virtual machines that are copied while they run.
    """
    process = os.getpid()
    numbers = _numbers.get(process)
    if numbers is None:
        numbers = _numbers[process] = random.Random(int.from_bytes(os.urandom(32), "big"))
    number = numbers.getrandbits(128) ^ time.time_ns()
    return f"{number & ~_KIND | _UUID_4:032x}"


def is_event_id(value: object) -> bool:
    """Whether it is 32 hexadecimal digits. Servers lose an event whose id is something else."""
    return type(value) is str and len(value) == 32 and all(digit in "0123456789abcdef" for digit in value)


def level_name(number: int) -> Level:
    """Sentry's name for a level of `logging`, or for the nearest one below it."""
    return next((name for least, name in _NUMBERS if number >= least), "debug")


def base_event(**parts: Any) -> dict[str, Any]:
    """What every event has, and those parts that are not None."""
    event: dict[str, Any] = {
        "event_id": new_event_id(),
        "timestamp": timestamp(),
        "platform": "python",
        "sdk": {"name": "raven", "version": VERSION},
    }
    for name, value in parts.items():
        if value is not None:
            event[name] = value
    return event


def message_part(message: object, params: Any, simplifier: Simplifier) -> dict[str, Any]:
    """The interface of a message, and of the values that its placeholders stand for: a tuple, or a mapping by name."""
    raw = message if type(message) is str else text_of(message, Simplifier(), LONGEST_MESSAGE)
    text = simplifier.text(raw, LONGEST_MESSAGE)
    if not params:
        return {"logentry": {"message": text, "formatted": text}}
    plain = Simplifier()
    values = dict(params) if isinstance(params, Mapping) else tuple(params)
    shown = simplifier.simplify(values, breadth=_MOST_PARAMS)
    filled = _filled(clip(raw, LONGEST_MESSAGE), values, plain)
    formatted = simplifier.text(filled, LONGEST_MESSAGE)
    if formatted != filled:  # what has gone from the message, because of the words around it, must not stay here
        shown = _only_shown(shown, filled, formatted)
    return {"logentry": {"message": text, "params": shown, "formatted": formatted}}


def _filled(text: str, values: Any, plain: Simplifier) -> str:
    """The text with its placeholders filled, as `logging` does it; as it is, if the values don't fit."""
    if _WIDE.search(text):  # a field of a million blanks
        return text
    try:
        if isinstance(values, dict):
            return clip(text % {key: _fitting(value, plain) for key, value in values.items()}, LONGEST_MESSAGE)
        return clip(text % tuple(_fitting(value, plain) for value in values[:_MOST_PARAMS]), LONGEST_MESSAGE)
    except (TypeError, ValueError, OverflowError, KeyError):
        return text


def _fitting(value: Any, plain: Simplifier) -> Any:
    kind = type(value)
    if kind is str:
        return clip(value, LONGEST_MESSAGE)
    return value if kind in _NUMERIC or is_decimal(kind) else _Quoted(value, plain)


class _Quoted:
    """What a placeholder makes of any object, within bounds."""

    def __init__(self, value: object, plain: Simplifier) -> None:
        self._value, self._plain = value, plain

    def __str__(self) -> str:
        return text_of(self._value, self._plain, LONGEST_MESSAGE)

    def __repr__(self) -> str:
        return quoted(self._value, self._plain, LONGEST_MESSAGE)


def _only_shown(values: Any, raw: str, formatted: str) -> Any:
    if isinstance(values, dict):
        return {key: _only_shown(value, raw, formatted) for key, value in values.items()}
    if isinstance(values, list):
        return [_only_shown(value, raw, formatted) for value in values]
    return FILTERED if str(values) in raw and str(values) not in formatted else values


def tags_part(simplifier: Simplifier, *tags: Mapping[str, object] | None) -> dict[str, str] | None:
    """Tags are short text. Of those with the same name the last is taken."""
    merged: dict[Any, Any] = {}
    for each in tags:
        if each:
            merged.update(each.items())
    if not merged:
        return None
    shown = simplifier.simplify(merged, depth=1, breadth=_MOST_TAGS, length=_LONGEST_TAG)
    return {key: clip(str(value), _LONGEST_TAG) for key, value in shown.items()}
