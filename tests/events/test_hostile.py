"""Whatever a program holds becomes a small, plain, valid copy without its secrets. See `hostile`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.events.exceptions import exception_values
from raven.events.frames import Frames
from raven.events.scrub import Scrubber
from raven.events.values import Simplifier
from raven.events.variables import variables

from .hostile import LONG, PLANTED, SETTINGS, SIGHT, TEXTS, VALUES, Box, reported

pytestmark = [pytest.mark.timeout(0)] if LONG else []

SCRUBBER = Scrubber()
LONGEST_WORDS = 240
"""Words that stand for a value, such as "<Name whose repr raised Name>", with names of at most 100 characters."""


@pytest.fixture(scope="module", autouse=True)
def no_unraisable() -> Iterator[None]:
    """Hypothesis is told of each garbage collection. A slow object may be interrupted, or the stack may end, just then."""
    before, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    yield
    sys.unraisablehook = before


class Size:
    """How large a copy is: its values, its characters, and how deep it is nested."""

    def __init__(self, value: Any, breadth: int, length: int) -> None:
        self.nodes = self.characters = self.depth = 0
        waiting: list[tuple[Any, int]] = [(value, 0)]
        while waiting:
            each, depth = waiting.pop()
            self.nodes += 1
            kind = type(each)
            assert kind in (dict, list, str, int, float, bool, type(None)), kind
            if kind is dict or kind is list:
                depth += 1
                self.depth = max(self.depth, depth)
                assert len(each) <= breadth + 2  # what was left out, and the name of the class
                waiting += [(inner, depth) for inner in (each.values() if kind is dict else each)]
                if kind is dict:
                    assert all(type(name) is str and len(name) <= max(length, LONGEST_WORDS) for name in each)
                    self.characters += sum(map(len, each))
            elif kind is str:
                assert len(each) <= max(length, LONGEST_WORDS)
                self.characters += len(each)


def plain(value: Any) -> str:
    """The value as JSON. It is valid, and is UTF-8."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode()
    return text


def check_clean(value: Any) -> None:
    """That it is JSON, without a secret."""
    text = plain(value)
    at = text.find(SIGHT)
    assert at < 0, text[max(0, at - 300) : at + 30]


@given(
    VALUES,
    st.integers(0, 6),
    st.sampled_from([0, 1, 3, 20, 50]),
    st.sampled_from([10, 60, 512]),
    st.sampled_from([1, 10, 200, 1_000]),
    st.sampled_from([1, 100, 5_000]),
)
@SETTINGS
def test_anything_becomes_a_bounded_copy_without_secrets(
    box: Box, depth: int, breadth: int, length: int, nodes: int, characters: int
) -> None:
    def check() -> None:
        simplifier = Simplifier(SCRUBBER, nodes=nodes, characters=characters, seconds=0.01)
        result = simplifier.simplify(box.value, depth=depth, breadth=breadth, length=length)
        check_clean(result)
        size = Size(result, breadth, length)
        assert size.depth <= depth
        # When a bound is reached, what has been begun is ended: the dicts that are open, and words for the rest.
        assert size.nodes <= nodes + (breadth + 3) * (depth + 1)
        # And the words that stand for a value are not counted.
        assert size.characters <= characters + (depth + 2) * (max(length, LONGEST_WORDS) + 60) + 60 * size.nodes

    reported(check)


@given(st.lists(st.tuples(st.sampled_from(["a", "password", "\ud800", "x" * 1_000, 5]), VALUES), max_size=5))
@SETTINGS
def test_any_variables_are_shown(pairs: list[tuple[Any, Box]]) -> None:
    def check() -> None:
        simplifier = Simplifier(SCRUBBER, nodes=500, characters=10_000, seconds=0.01)
        check_clean(variables([(name, box.value) for name, box in pairs], 50, simplifier))

    reported(check)


@given(st.lists(VALUES, max_size=3), st.sampled_from([ValueError, KeyError, OSError, SystemExit]))
@SETTINGS
def test_any_exception_is_shown(boxes: list[Box], kind: type[BaseException]) -> None:
    def check() -> None:
        arguments = [box.value for box in boxes]
        try:
            error = kind(*arguments)
        except BaseException:  # OSError asks the first of several for its hash
            error = kind(arguments)
        error.__notes__ = arguments  # type: ignore[attr-defined]
        simplifier = Simplifier(SCRUBBER, nodes=500, characters=10_000, seconds=0.01)
        check_clean(exception_values(error, Frames(), simplifier))

    reported(check)


@given(VALUES)
@SETTINGS
def test_the_interpreter_is_as_it_was(box: Box) -> None:
    def check() -> None:
        before = sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), sys.exc_info()
        Simplifier(SCRUBBER, nodes=200, characters=5_000, seconds=0.01).simplify(box.value)
        assert (sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), sys.exc_info()) == before

    reported(check)


@pytest.mark.parametrize("text", TEXTS)
def test_without_the_scrubber_the_secrets_would_be_seen(text: str) -> None:
    assert PLANTED in plain(Simplifier().simplify({"a": [text]}, length=2_000))
    check_clean(Simplifier(SCRUBBER).simplify({"a": [text]}, length=2_000))
