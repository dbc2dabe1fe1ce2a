"""Which events are not to be sent, because the program does not want them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from ..chance import chance
from ..outcome import BEFORE_SEND, IGNORED, SAMPLE_RATE, Outcome
from .ask import Decide, ask

# A class of exceptions may have a metaclass with attributes of its own by these names.
_name = type.__dict__["__name__"].__get__
_qualified_name = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
_ancestors = type.__dict__["__mro__"].__get__


def is_one_of(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether `except kinds` catches the exception. Like that, this calls no method of the classes."""
    return any(each is kind for each in _ancestors(type(error)) for kind in kinds)


class Rules:
    """A client's `sample_rate`, `ignore_exceptions` and `before_send`."""

    def __init__(
        self, sample_rate: float, ignore: Iterable[type[BaseException] | str], before_send: Decide | None
    ) -> None:
        ignore = tuple(ignore)
        self._sample_rate = sample_rate
        self._types: tuple[type[BaseException], ...] = tuple(each for each in ignore if isinstance(each, type))
        self._names = tuple(each for each in ignore if type(each) is str)
        self._before_send = before_send

    def refuse(self, error: BaseException | None = None) -> Outcome | None:
        """Why an event is not even to be made; None if it is."""
        if error is not None and self._is_ignored(error):
            return IGNORED
        return SAMPLE_RATE if self._sample_rate < 1 and chance.random() >= self._sample_rate else None

    @property
    def decides(self) -> bool:
        """Whether events are shown to the program before they are sent."""
        return self._before_send is not None

    def decide(self, event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | Outcome:
        """The event as the program wants it, or why it is not sent."""
        decided = event if self._before_send is None else ask("before_send", self._before_send, event, hint)
        return BEFORE_SEND if decided is None else decided

    def _is_ignored(self, error: BaseException) -> bool:
        if is_one_of(error, self._types):
            return True
        return any(_is_named(each, name) for name in self._names for each in _ancestors(type(error)))


def _is_named(kind: type, pattern: str) -> bool:
    """`Missing`, `Shop.Missing` for a class within another, or `shop.errors.Missing`."""
    module = _module(kind)
    names = [_name(kind), _qualified_name(kind)]
    if type(module) is str:
        names += [f"{module}.{name}" for name in names]
    return any(fnmatchcase(name, pattern) for name in names)
