"""What variables held."""

from __future__ import annotations

import pytest

from raven.events.clip import CUT
from raven.events.scrub import FILTERED, Scrubber
from raven.events.values import Simplifier
from raven.events.variables import variables

from .checks import Plain


def test_variables_are_quoted_cut_and_shown_once() -> None:
    hiding = Simplifier(Scrubber())
    shared = Plain(a=1)
    shown = variables([("text", "1"), ("n", 1), ("password", "hunter2"), ("a", shared), ("b", shared)], 4, hiding)
    assert shown == {"text": "'1'", "n": 1, "password": FILTERED, "a": {"__class__": "Plain", "a": 1}, "...": "1 more"}
    long = variables([("text", "x" * 10_000)], 4, hiding)["text"]
    assert len(long) <= 512
    assert long.endswith("... (10000 characters)")


NAMES = "password", "api_key", "credit_card", "count", "user", "__builtins__", 7
VALUES = (
    None,
    True,
    7,
    4_111_111_111_111_111,
    0.5,
    float("nan"),
    "hunter2",
    "x" * 600,
    b"hunter2",
    ["hunter2"],
    {"a": 1},
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_of_a_variable_the_same_is_hidden_as_of_an_item(name: str | int, value: object) -> None:
    simplifier = Simplifier(Scrubber())
    for _ in range(2):  # the names are remembered then
        (as_variable,) = variables([(name, value)], 1, simplifier).items()
        (as_item,) = simplifier.simplify({name: value}).items()
        assert as_variable[0] == as_item[0]
        assert (as_variable[1] == FILTERED) == (as_item[1] == FILTERED)
        assert (as_variable[1] == CUT) == (as_item[1] == CUT)


def test_a_text_that_is_met_again_counts_again() -> None:
    simplifier = Simplifier(characters=1_000)
    left = [1_000.0]
    for _ in range(3):
        variables([("x", "a" * 98)], 10, simplifier)
        left.append(simplifier.characters)
    assert left[0] - left[1] == left[1] - left[2] == left[2] - left[3] >= 100


def test_an_object_is_kept_so_that_no_other_gets_its_id() -> None:
    simplifier = Simplifier()
    shown = [variables([("x", [number])], 1, simplifier) for number in range(100)]
    assert shown == [{"x": [number]} for number in range(100)]


def test_of_variables_those_after_what_may_be_spent_are_left_out() -> None:
    pairs = [("a", [1, 2, 3]), ("b", [1]), ("c", 2)]
    simplifier = Simplifier(Scrubber(), nodes=3)
    assert variables(pairs, 5, simplifier) == {"a": [1, 2, "... 1 more"], "...": "2 more"}
    assert simplifier.nodes == -1
