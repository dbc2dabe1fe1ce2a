"""Make a bounded, plain copy of any value: what JSON can hold, and nothing else.

The values come from a program that is failing, so nothing is trusted. An object's own methods are called in one place
only, `own_words`, and whatever they do is caught.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .bounds import Bounds, bounds_of
from .clip import CUT, clip
from .containers import known_manners
from .manners import manner_of
from .own_words import OwnWords
from .scrub import Scrubber

_SLACK = 1_024
"""Characters of a long text that are searched for secrets beyond those that are shown: one may begin before the cut."""


class _NothingHidden(dict[str, bool]):
    """Takes the place of the names that a scrubber knows."""

    def __missing__(self, name: str) -> bool:
        return False


_NOTHING_HIDDEN = _NothingHidden()


class Simplifier:
    """Copies values, all of them together within bounds, without secrets.

    `scrubber`: None leaves secrets in. `nodes`: values in all; `characters`: of text in all; `seconds`: for which objects'
    own methods may run in all. What is over a bound is replaced by words that say so. `reprs`: False calls no object's
    own methods.

    The attributes are for those that show the values of a type (`manners`, `containers`, `messages`, `variables`): what is
    left of `nodes` and `characters`; which names are those of secrets (`hides`); what is being shown just now, by id
    (`open`); and what variables have been shown: texts (`quoted`), and others by id (`shown`).
    """

    __slots__ = ("_own_words", "_scrubber", "characters", "hides", "nodes", "open", "quoted", "shown")

    def __init__(
        self,
        scrubber: Scrubber | None = None,
        *,
        nodes: float = float("inf"),
        characters: float = float("inf"),
        seconds: float = 1.0,
        reprs: bool = True,
    ) -> None:
        self.hides = _NOTHING_HIDDEN if scrubber is None else scrubber.hides
        self.nodes = nodes
        self.characters = characters
        self.open: set[int] = set()
        self._scrubber = scrubber
        self._own_words = OwnWords(seconds, allowed=reprs)
        self.shown: dict[int, tuple[Any, Any]] = {}
        self.quoted: dict[str, str] = {}

    @property
    def spent(self) -> bool:
        """Whether there is nothing left to spend on further values."""
        return self.nodes <= 0 or self.characters <= 0

    def simplify(self, value: Any, *, depth: int = 4, breadth: int = 50, length: int = 1_024) -> Any:
        """A copy of `value` made of dicts with text keys, lists, text, numbers, booleans and None.

        At most `depth` containers are nested, with at most `breadth` entries each, and text has at most `length`
        characters; what is cut says so. Numbers that JSON has no form for become text.
        """
        return self.copy(value, bounds_of(depth, breadth, length))

    def copy(self, value: Any, bounds: Bounds, code: bool = False) -> Any:
        """A copy of one value. `code`: texts in it are source code."""
        self.nodes -= 1
        kind = type(value)
        manner = known_manners.get(kind) if type(kind) is type else None
        return (manner or manner_of(kind))(self, value, bounds, code)

    def text(self, text: str, length: int = 1_024, code: bool = False) -> str:
        """At most `length` characters of a text, without secrets. `code`: the text is source code."""
        size = len(text)
        if size < 12 and size <= length and text.isalnum():  # in which there is nothing to find
            self.characters -= size
            return text
        if self._scrubber is not None:
            if size > length + _SLACK:
                text = clip(self._scrubber.text(text[: length + _SLACK], code) + CUT, length)
            else:
                text = self._scrubber.text(text, code)
            size = len(text)
        if size > length or not text.isascii():
            text = clip(text, length)
            size = len(text)
        self.characters -= size
        return text

    def is_secret(self, number: int) -> bool:
        """Whether a number is hidden because of its look."""
        return self._scrubber is not None and self._scrubber.number(number)

    def describe(self, value: Any, length: int = 1_024) -> str:
        """The object's `repr`, or words that say why there is none. Only Ctrl-C gets out of here."""
        if type(value) is str:
            if len(value) <= length - 2:
                return self.text(repr(value), length)
            size = f"... ({len(value)} characters)"
            return self.text(repr(value[: length + _SLACK])[:-1], length - len(size)).removesuffix(CUT) + size
        return self.text(self.own_words(value, length), length)

    def own_words(self, value: Any, length: int, render: Callable[[Any], str] = repr) -> str:
        """What an object says of itself, in full as far as it is to be searched for secrets, which is yet to be done."""
        return self._own_words.of(value, render)[: length + _SLACK + 1]


def simplify(value: Any, *, depth: int = 4, breadth: int = 50, length: int = 1_024) -> Any:
    """`Simplifier.simplify`, with these bounds only, and with secrets left in."""
    return Simplifier().simplify(value, depth=depth, breadth=breadth, length=length)


def copied(value: Any) -> Any:
    """A copy of what `simplify` has made, that shares nothing with it."""
    if type(value) is dict:
        return {name: copied(item) for name, item in value.items()}
    return [copied(item) for item in value] if type(value) is list else value
