"""Which events are not to be sent, because the program does not want them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from ..outcome import BEFORE_SEND, IGNORED, SAMPLE_RATE, Outcome
from .ask import Decide, ask

_qualified_name = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
_ancestors = type.__dict__["__mro__"].__get__


class Rules:
    """A client's `sample_rate`, `ignore_exceptions` and `before_send`."""

    def __init__(
        self, sample_rate: float, ignore: Iterable[type[BaseException] | str], before_send: Decide | None
    ) -> None:
        self._sample_rate = sample_rate
        self._types: tuple[type[BaseException], ...] = tuple(each for each in ignore if isinstance(each, type))
        self._names = tuple(each for each in ignore if isinstance(each, str))
        self._before_send = before_send

    def refuse(self, error: BaseException | None = None) -> Outcome | None:
        """Why an event is not even to be made; None if it is."""
        if error is not None and self._is_ignored(type(error)):
            return IGNORED
        return SAMPLE_RATE if self._sample_rate < 1 and random.random() >= self._sample_rate else None

    @property
    def decides(self) -> bool:
        """Whether events are shown to the program before they are sent."""
        return self._before_send is not None

    def decide(self, event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | Outcome:
        """The event as the program wants it, or why it is not sent."""
        decided = event if self._before_send is None else ask("before_send", self._before_send, event, hint)
        return BEFORE_SEND if decided is None else decided

    def _is_ignored(self, kind: type[BaseException]) -> bool:
        if self._types and issubclass(kind, self._types):
            return True
        return any(_is_named(each, name) for name in self._names for each in _ancestors(kind))


def _is_named(kind: type, name: str) -> bool:
    if "." not in name:
        return fnmatchcase(_qualified_name(kind), name)
    return fnmatchcase(f"{_module(kind)}.{_qualified_name(kind)}", name)
