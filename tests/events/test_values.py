"""Any value at all becomes a small, plain one, and nothing that it does on the way matters."""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.events.scrub import Scrubber
from raven.events.values import Simplifier
from raven.events.variables import variables

from .checks import (
    Plain,
    Point,
    check,
)


@pytest.mark.parametrize(
    ("value", "simple"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-5, -5),
        (1.5, 1.5),
        ("text", "text"),
        ("größer\n\t\0", "größer\n\t\0"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, "-9223372036854775809"),
        (10**5_000, "<int of 16610 bits>"),
        (b"\x00\xffab", "b'\\x00\\xffab'"),
        (bytearray(b"ab"), "b'ab'"),
        (1 + 2j, "(1+2j)"),
        ([1, (2, [3])], [1, [2, [3]]]),
        ({1}, [1]),
        (frozenset({"a"}), ["a"]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
        (range(3), "range(0, 3)"),
        (int, "<class 'int'>"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        (collections.OrderedDict(a=1), {"a": 1}),
        (time.gmtime(0), [1970, 1, 1, 0, 0, 0, 3, 1, 0]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_plain_value_stays_and_another_becomes_words(value: object, simple: object) -> None:
    result = check(value)
    assert result == simple
    assert type(result) is type(simple)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a", "a"),
        ("", ""),
        (1, "1"),
        (None, "None"),
        (False, "False"),
        (1.5, "1.5"),
        (math.nan, "nan"),
        (b"b", "b'b'"),
        ((1, "x"), "[1, 'x']"),
        (frozenset({1}), "[1]"),
        (10**5_000, "<int of 16610 bits>"),
        ("\ud800", "\\ud800"),
        ("x" * 2_000, "x" * 1_021 + "..."),
        (int, "<class 'int'>"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_key_becomes_text(key: object, name: str) -> None:
    assert check({key: 1}) == {name: 1}


def test_what_is_cut_says_so() -> None:
    assert check("x" * 2_000) == "x" * 1_021 + "..."
    assert check(b"x" * 2_000) == "b'" + "x" * 1_019 + "..."
    assert check([0] * 60) == [0] * 50 + ["... 10 more"]
    assert check({n: n for n in range(60)}) == {str(n): n for n in range(50)} | {"...": "10 more"}
    assert check([[[[[1, 2]]]]]) == [[[["<list with 2 items>"]]]]
    assert check({"a": {"b": {"c": {"d": {"e": 1}}}}}) == {"a": {"b": {"c": {"d": "<dict with 1 item>"}}}}
    assert check([(), set(), [1]], depth=1) == ["<tuple with 0 items>", "<set with 0 items>", "<list with 1 item>"]
    assert check(frozenset(), depth=0) == "<frozenset with 0 items>"


def test_the_bounds_are_those_that_were_asked_for() -> None:
    assert check([[1, 2, 3]], depth=2, breadth=2) == [[1, 2, "... 1 more"]]
    assert check("abcdef", length=5) == "ab..."
    assert check("abcde", length=5) == "abcde"


def test_a_cycle_ends() -> None:
    loop: list[Any] = [1]
    loop.append({"again": loop})
    assert check(loop) == [1, {"again": "<the same object again>"}]
    twice = [1]
    assert check([twice, twice]) == [[1], [1]]


@pytest.mark.parametrize(
    "make", [lambda it: [it], lambda it: (it,), lambda it: {"k": it}], ids=["list", "tuple", "dict"]
)
def test_a_hundred_thousand_levels_are_no_recursion(make: Callable[[Any], Any]) -> None:
    value: Any = 0
    for _ in range(100_000):
        value = make(value)
    check(value)
    while value != 0:  # taken apart by hand: freeing it at once would recurse
        value = next(iter(value.values() if isinstance(value, dict) else value))


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * 50_000_000,
        lambda: b"x" * 50_000_000,
        lambda: bytearray(50_000_000),
        lambda: [0] * 5_000_000,
        lambda: dict.fromkeys(range(1_000_000)),
        lambda: {"x" * 50_000_000: 1},
        lambda: 1 << 50_000_000,
        lambda: "\ud800" * 5_000_000,
    ],
    ids=["str", "bytes", "bytearray", "list", "dict", "key", "int", "surrogates"],
)
def test_a_huge_value_is_cut_without_a_look_at_all_of_it(make: Callable[[], object]) -> None:
    value = make()
    began = time.monotonic()
    check(value)
    assert time.monotonic() - began < 0.1


def test_it_works_on_the_last_metres_of_the_stack() -> None:
    def sink(depth: int) -> Any:
        return sink(depth - 1) if depth else check([[[[1]]]])

    room = sys.getrecursionlimit()
    for depth in range(room - 150, room):
        try:
            sink(depth)
        except RecursionError:
            return
    raise AssertionError("the stack has no end")


def size(value: Any) -> int:
    if type(value) not in (dict, list):
        return 1
    return 1 + sum(size(each) for each in (value.values() if type(value) is dict else value))


@pytest.mark.parametrize(
    "value",
    [
        [[[[0] * 50] * 50] * 50] * 50,
        [[[["x"] * 50] * 50] * 50] * 50,
        [[[[None, True, 5, "x"] * 12] * 50] * 50] * 50,
        {"a": {"a": [{str(n): n for n in range(50)}] * 50}, "b": [[{str(n): n for n in range(50)}] * 50] * 50},
        [[Plain(**{f"a{n}": n for n in range(50)})] * 50] * 50,
        [[Plain(a=1)] * 50] * 50,
    ],
    ids=["numbers", "texts", "mixed", "dicts", "objects", "small objects"],
)
def test_all_values_together_are_bounded(value: Any) -> None:
    simplifier = Simplifier(nodes=100)
    assert not simplifier.spent
    assert size(simplifier.simplify(value, breadth=20)) <= 100 + 4 * 5
    assert simplifier.spent
    assert size(simplifier.simplify(value)) == 1


def test_all_text_together_is_bounded() -> None:
    simplifier = Simplifier(characters=1_000)
    assert len(str(simplifier.simplify([["x" * 100] * 50] * 50))) < 3_000
    assert simplifier.spent
    assert len(json.dumps(Simplifier(characters=1_000).simplify({f"{n:0400}": n for n in range(50)}))) < 2_500
    assert len(json.dumps(Simplifier(characters=1_000).simplify([{"n" * 79: 0}] * 50))) < 3_500


def test_what_is_left_out_when_nothing_may_be_spent_says_so() -> None:
    spent = Simplifier(nodes=0)
    assert spent.spent
    assert spent.simplify([1, 2]) == "<list with 2 items>"
    assert spent.simplify(Point(1)) == "<Point with 3 fields>"
    assert spent.simplify(5) == 5
    scrubber, pairs = Scrubber(), {"left": 1, "right": 2}.items()
    assert variables(pairs, 50, Simplifier(scrubber, nodes=5)) == dict(pairs)
    assert variables(pairs, 50, Simplifier(scrubber, nodes=0)) == {"...": "2 more"}
    assert variables([("a", 1)], 5, spent) == {"...": "1 more"}


def test_errors_within_errors_are_bounded() -> None:
    error: Any = ValueError("x")
    for _ in range(5_000):
        error = ValueError(error)
    assert check([error])[0].startswith("ValueError(ValueError(")
    twice: Any = "x"
    for _ in range(200):
        twice = ValueError(twice, [twice])
    check(twice)
    while error.args and isinstance(error.args[0], BaseException):  # freeing it at once would recurse
        error, error.args = error.args[0], ()


def test_names_that_are_very_long_are_not_remembered() -> None:
    scrubber = Scrubber()
    simplifier = Simplifier(scrubber)
    for number in range(100):
        simplifier.simplify({f"{number}" + "x" * 60_000: number}, length=65_536)
    assert sum(map(len, scrubber.hides)) < 10_000


def test_nothing_of_the_program_is_changed() -> None:
    def fail() -> NoReturn:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x") as raised:
        fail()
    error = raised.value
    traceback, limit = error.__traceback__, sys.getrecursionlimit()
    default: collections.defaultdict[str, list[int]] = collections.defaultdict(list, b=[1], a=[2])
    queue = collections.deque([3, 1, 2], maxlen=3)
    numbers = iter([1, 2, 3])
    cache = collections.OrderedDict(b=1, a=2)
    check([error, default, queue, numbers, cache, {3, 1}, Plain(default=default)])
    assert error.__traceback__ is traceback
    assert sys.getrecursionlimit() == limit
    assert list(default) == ["b", "a"]
    assert list(queue) == [3, 1, 2]
    assert list(numbers) == [1, 2, 3]
    assert list(cache) == ["b", "a"]
    assert sys.exc_info() == (None, None, None)


SCALARS: Any = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.complex_numbers()
    | st.builds(object)
    | st.dates()
    | st.decimals(allow_nan=False)
    | st.integers(0, 4_000).map(lambda bits: 1 << bits)
)
HASHABLE = SCALARS | st.tuples(SCALARS, SCALARS) | st.frozensets(SCALARS, max_size=3)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=5)
        | st.frozensets(HASHABLE, max_size=5)
    ),
    max_leaves=20,
)


@given(ANYTHING, st.integers(0, 4), st.integers(0, 6), st.integers(8, 60))
def test_anything_becomes_json_within_bounds(value: Any, depth: int, breadth: int, length: int) -> None:
    check(value, depth, breadth, length)


def test_a_short_word_is_within_bounds_and_counts() -> None:
    simplifier = Simplifier(Scrubber(), characters=20)
    assert simplifier.simplify(["bread", "flour"], length=4) == ["b...", "f..."]
    assert simplifier.characters == 12
    assert simplifier.simplify(["bread", "flour", "sugar", "yeast"]) == ["bread", "flour", "sugar", "... 1 more"]


def test_a_field_that_raises_stop_iteration_hides_no_other() -> None:
    point = made_by(dataclasses.make_dataclass("Point", "abc"))
    assert Simplifier().simplify(point) == {"__class__": "Point", "a": 1, "b": "<StopIteration>", "c": 3}


def made_by(kind: Any) -> Any:
    """One of these, of which one field is no more to be had."""

    def stop(self: object) -> NoReturn:
        raise StopIteration

    value = kind(1, 2, 3)
    kind.b = property(stop)
    return value
