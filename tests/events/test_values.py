"""Any value at all becomes a small, plain one, and nothing that it does on the way matters."""

from __future__ import annotations

import collections
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.events.values import Simplifier, clip, message_of, simplify

describe = Simplifier().describe

DEPTH, BREADTH, LENGTH = 4, 50, 1_024


def check(value: Any, depth: int = DEPTH, breadth: int = BREADTH, length: int = LENGTH) -> Any:
    """Simplify, and look whether all that was promised of the result is so."""
    result = simplify(value, depth=depth, breadth=breadth, length=length)
    json.dumps(result, allow_nan=False, ensure_ascii=False).encode()
    check_bounds(result, depth, breadth, length)
    return result


def check_bounds(value: Any, depth: int, breadth: int, length: int) -> None:
    assert type(value) in (dict, list, str, int, float, bool, type(None))
    if type(value) in (dict, list):
        assert depth > 0
        assert len(value) <= breadth + 1  # one more says how much was left out
        for each in (*value, *(value.values() if type(value) is dict else ())):
            check_bounds(each, depth - 1 if type(each) in (dict, list) else 0, breadth, length)
    if type(value) is str:
        assert len(value) <= max(length, 160)  # words that replace a value, and the digits of a number, are not cut
    if type(value) is int:
        assert -(2**63) <= value < 2**64


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


# Objects that fight back


REFUSED = (
    *("__repr__", "__str__", "__format__", "__bytes__", "__len__", "__iter__", "__contains__", "__getitem__"),
    *("__getattr__", "__getattribute__", "__dir__", "__eq__", "__ne__", "__lt__", "__bool__", "__int__", "__index__"),
    *("__float__", "__sub__", "__reduce_ex__", "items", "keys", "values", "get", "bit_length", "encode", "isprintable"),
)


def hostile(kind: type, raised: type[BaseException]) -> type:
    """A subclass of which every method raises that an onlooker might call."""

    def refuse(self: object, *arguments: object, **options: object) -> NoReturn:
        raise raised("not for you")

    methods: dict[str, Any] = dict.fromkeys(REFUSED, refuse)
    methods["__class__"] = property(refuse)
    methods["__hash__"] = lambda self: 1
    return type("Hostile", (kind,), methods)


RAISED = [ValueError, RecursionError, MemoryError, SystemExit, GeneratorExit, StopIteration, AttributeError]


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize(
    ("kind", "arguments", "simple"),
    [
        (object, (), None),
        (dict, ({"a": 1},), {"a": 1}),
        (list, ([1, 2],), [1, 2]),
        (tuple, ((1, 2),), [1, 2]),
        (set, ({1},), [1]),
        (frozenset, ({1},), [1]),
        (str, ("text",), "text"),
        (int, (5,), 5),
        (float, (1.5,), None),
        (bytes, (b"ab",), None),
        (bytearray, (b"ab",), None),
        (Exception, ("text",), None),
    ],
)
def test_an_objects_own_methods_do_no_harm(
    kind: type, arguments: tuple[Any, ...], simple: Any, raised: type[BaseException]
) -> None:
    value = hostile(kind, raised)(*arguments)
    expected = f"<Hostile whose repr raised {raised.__name__}>" if simple is None else simple
    assert check(value) == expected
    assert check([value]) == [expected]
    if kind not in (dict, list, set, bytearray):
        assert len(check({value: 1})) == 1


def test_ctrl_c_goes_through() -> None:
    for look in (simplify, describe):
        with pytest.raises(KeyboardInterrupt):
            look(hostile(object, KeyboardInterrupt)())
    with pytest.raises(KeyboardInterrupt):
        message_of(hostile(Exception, KeyboardInterrupt)())


class Text(str):
    """What a `__repr__` may return as well."""

    def __str__(self) -> str:
        raise ValueError

    def __len__(self) -> int:
        raise ValueError

    encode = __getitem__ = __str__  # type: ignore[assignment]


@pytest.mark.parametrize(
    "answer",
    [5, None, b"bytes", Text("own text"), "x" * 5_000_000, "\udcff" * 2_000],
    ids=["int", "None", "bytes", "own", "long", "surrogates"],
)
def test_whatever_repr_returns_is_made_text(answer: Any) -> None:
    class Odd:
        def __repr__(self) -> str:
            return answer  # type: ignore[no-any-return]

    class OddError(Exception):
        def __str__(self) -> str:
            return answer  # type: ignore[no-any-return]

    expected = {5: "<Odd whose repr raised TypeError>", Text("own text"): "own text"}
    result = check(Odd())
    assert result == expected.get(answer, result)
    assert len(message_of(OddError())) <= 4_096
    message_of(OddError()).encode()


def test_a_repr_that_recurses_for_ever_is_described() -> None:
    class Loop:
        def __repr__(self) -> str:
            return f"{self!r}"

    assert check(Loop()) == "<Loop whose repr raised RecursionError>"


def test_a_class_whose_own_class_fights_back_is_described() -> None:
    class Meta(type):
        def refuse(cls, *arguments: object) -> NoReturn:
            raise ValueError("not for you")

        __eq__ = __subclasscheck__ = __instancecheck__ = __repr__ = __getattribute__ = refuse
        __name__ = __module__ = property(refuse)

        def __hash__(cls) -> int:
            return 1

    kind = Meta("Strange", (), {"__repr__": lambda self: 1 / 0})
    assert check(kind()) == "<Strange whose repr raised ZeroDivisionError>"
    assert check(kind) == "<Meta whose repr raised ValueError>"


def test_a_very_long_name_of_a_class_is_cut() -> None:
    kind = type("N" * 10_000, (), {"__repr__": lambda self: 1 / 0})
    assert check(kind()) == "<" + "N" * 97 + "... whose repr raised ZeroDivisionError>"


def test_a_container_that_changes_while_it_is_looked_at_is_not_followed() -> None:
    changing: dict[int, object] = {}

    class Grower:
        def __repr__(self) -> str:
            changing[len(changing)] = self
            return "grower"

    changing.update({0: Grower(), 1: Grower()})
    assert check([changing]) == ["<dict that was being changed>"]


def test_an_object_that_claims_to_be_another_is_taken_for_what_it_is() -> None:
    class Liar:
        __class__ = dict  # type: ignore[assignment]

        def __repr__(self) -> str:
            return "liar"

    assert isinstance(Liar(), dict)
    assert check(Liar()) == "liar"


def test_a_generator_is_not_used_up() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    generator = numbers()
    assert check(generator).startswith("<generator object")
    assert list(generator) == [1]


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


# Clip


@pytest.mark.parametrize(
    ("text", "length", "clipped"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "..."),
        ("abcde", 4, "a..."),
        ("", 0, ""),
        ("\ud800", 6, "\\ud800"),
        ("\ud800\ud800", 8, "\\ud80..."),
        ("ab\ud800", 3, "..."),
    ],
)
def test_clip(text: str, length: int, clipped: str) -> None:
    assert clip(text, length) == clipped


@given(st.text(st.characters()), st.integers(3, 60))
def test_clipped_text_is_short_and_utf_8(text: str, length: int) -> None:
    result = clip(text, length)
    assert len(result) <= length
    result.encode()


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
