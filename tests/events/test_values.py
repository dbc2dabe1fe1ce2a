"""Any value at all becomes a small, plain one, and nothing that it does on the way matters."""

from __future__ import annotations

import collections
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType, SimpleNamespace
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.events.scrub import FILTERED, Scrubber
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
        assert len(value) <= breadth + 2  # how much was left out, and the name of the class
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


# Objects with fields


@dataclass
class Point:
    x: int
    y: Any = None
    api_key: str = "hunter2"
    hidden: str = field(default="hunter2", repr=False)


@dataclass
class Deeper(Point):
    z: int = 3


@dataclass(frozen=True, slots=True)
class Slots:
    value: Any
    token: str = "hunter2"


@dataclass
class Own:
    value: int

    def __repr__(self) -> str:
        return f"its own {self.value}"


@dataclass(repr=False)
class Bare:
    value: int


class Inherits(Own):
    pass


class Pair(NamedTuple):
    left: Any
    password: Any


Old = collections.namedtuple("Old", "left right")


class OldWithOwn(Old):
    def __repr__(self) -> str:
        return "its own"


class Plain:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Password(Plain):
    pass


HIDING = Simplifier(Scrubber())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Point(1), {"__class__": "Point", "x": 1, "y": None, "api_key": FILTERED}),
        (Deeper(1, "a"), {"__class__": "Deeper", "x": 1, "y": "a", "api_key": FILTERED, "z": 3}),
        (Slots([1]), {"__class__": "Slots", "value": [1], "token": FILTERED}),
        (Own(1), "its own 1"),
        (Inherits(1), "its own 1"),
        (Bare(1), {"__class__": "Bare", "value": 1}),
        (Pair(1, "hunter2"), {"__class__": "Pair", "left": 1, "password": FILTERED}),
        (Old(1, 2), {"__class__": "Old", "left": 1, "right": 2}),
        (OldWithOwn(1, 2), [1, 2]),
        (SimpleNamespace(a=1, password="hunter2"), {"__class__": "SimpleNamespace", "a": 1, "password": FILTERED}),
        (Plain(a=1, token="hunter2"), {"__class__": "Plain", "a": 1, "token": FILTERED}),
        (Point(1, Point(2)).y, {"__class__": "Point", "x": 2, "y": None, "api_key": FILTERED}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_object_is_shown_by_its_fields_unless_it_has_words_of_its_own(value: object, shown: object) -> None:
    assert HIDING.simplify(value) == shown


def test_what_attrs_has_made_is_shown_by_its_fields() -> None:
    attr = pytest.importorskip("attr")
    kind = attr.make_class("Kind", {"x": attr.ib(), "password": attr.ib(default="hunter2")})
    assert HIDING.simplify(kind(1)) == {"__class__": "Kind", "x": 1, "password": FILTERED}
    kind = attr.make_class("Kind", {"x": attr.ib(), "secret": attr.ib(default="hunter2", repr=False)})
    assert "hunter2" not in str(HIDING.simplify(kind(1)))


def test_an_object_without_anything_and_one_of_a_telling_class_say_only_what_they_are() -> None:
    for value in (Plain(), Password(value="hunter2"), object()):
        shown = HIDING.simplify(value)
        assert shown.startswith("<")
        assert "hunter2" not in shown


def test_an_object_of_a_library_says_only_that_it_is_there() -> None:
    import logging.handlers

    handler = logging.handlers.MemoryHandler(5)
    plain = collections.abc.Callable  # a class
    assert isinstance(check(handler), str)
    assert isinstance(check(plain), str)


def test_a_field_that_is_missing_or_fails_does_no_harm() -> None:
    class Failing(Point):
        @property
        def x(self) -> NoReturn:  # type: ignore[override]
            raise SystemExit

    missing = Point(1)
    del missing.x, missing.y
    assert check(missing) == {"__class__": "Point", "x": "<AttributeError>", "y": None, "api_key": "hunter2"}
    assert check(object.__new__(Failing))["x"] == "<SystemExit>"
    broken = object.__new__(Slots)
    assert check(broken) == {"__class__": "Slots", "value": "<AttributeError>", "token": "<AttributeError>"}


def test_an_object_that_has_itself_ends() -> None:
    point = Point(1)
    point.y = {"again": [point]}
    assert check(point)["y"] == {"again": ["<the same object again>"]}
    plain = Plain()
    plain.me = plain  # type: ignore[attr-defined]
    assert check([plain]) == [{"__class__": "Plain", "me": "<the same object again>"}]


def test_an_object_of_very_many_fields_is_cut() -> None:
    shown = check(Plain(**{f"a{number}": number for number in range(1_000)}))
    assert len(shown) == 52
    assert shown["..."] == "950 more"


def test_an_object_too_deep_says_how_much_it_has() -> None:
    assert check([[[[Point(1)]]]]) == [[[["<Point with 3 fields>"]]]]


# Secrets by name


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "hunter2"}, {"password": FILTERED}),
        ({"password": 5, "token": 0.5}, {"password": FILTERED, "token": FILTERED}),
        ({"password": None, "session": True}, {"password": None, "session": True}),
        ({"password": ["hunter2", {"a": 1}]}, {"password": FILTERED}),
        ({b"password": b"hunter2"}, {"b'password'": FILTERED}),
        ({("user", "password"): "hunter2"}, {"['user', 'password']": FILTERED}),
        ({"X-Api-Key": "hunter2", "Host": "x"}, {"X-Api-Key": FILTERED, "Host": "x"}),
        ([("X-Api-Key", "hunter2"), ("Host", "x")], [["X-Api-Key", FILTERED], ["Host", "x"]]),
        ([(b"cookie", b"hunter2")], [["b'cookie'", FILTERED]]),
        ([["authorization", 5], ["authorization", None]], [["authorization", FILTERED], ["authorization", None]]),
        (("token", ["hunter2"]), ["token", FILTERED]),
        (["run", "--password", "hunter2", "x"], ["run", "--password", FILTERED, "x"]),
        (["run", "-token", "hunter2", "x"], ["run", "-token", FILTERED, "x"]),
        (["run", "--password=hunter2", "x"], ["run", f"--password={FILTERED}", "x"]),
        ([b"--password", b"hunter2"], ["b'--password'", FILTERED]),
        (["id", "password", "name"], ["id", "password", "name"]),
        (["--user", "password"], ["--user", "password"]),
        ({"redis://u:hunter2@h": 1}, {f"redis://{FILTERED}@h": 1}),
        ({"password=hunter2": 1}, {f"password={FILTERED}": FILTERED}),
        ({"a" * 90 + "_password": "hunter2"}, {"a" * 90 + "_password": FILTERED}),
        ({"4111111111111111": 1}, {FILTERED: 1}),
    ],
    ids=repr,
)
def test_what_a_name_tells_to_be_secret_is_hidden(value: object, shown: object) -> None:
    for _ in range(2):  # the names are remembered then
        assert HIDING.simplify(value, length=60) == shown
    assert "unter2" not in str(HIDING.variables([("a", value)], 50))


def test_variables_are_quoted_cut_and_shown_once() -> None:
    shared = Plain(a=1)
    shown = HIDING.variables([("text", "1"), ("n", 1), ("password", "hunter2"), ("a", shared), ("b", shared)], 4)
    assert shown == {"text": "'1'", "n": 1, "password": FILTERED, "a": {"__class__": "Plain", "a": 1}, "...": "1 more"}
    long = HIDING.variables([("text", "x" * 10_000)], 4)["text"]
    assert len(long) <= 512
    assert long.endswith("... (10000 characters)")


# What it may cost


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
    ],
    ids=["numbers", "texts", "mixed", "dicts", "objects"],
)
def test_all_values_together_are_bounded(value: Any) -> None:
    simplifier = Simplifier(nodes=100)
    assert not simplifier.spent
    assert size(simplifier.simplify(value)) <= 100 + 4 * 53
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
    assert spent.variables([("a", 1)], 5) == {"...": "1 more"}


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


# Objects that take their time


class Clock:
    """The time, which passes only when it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("raven.events.values.time", clock)
    return clock


def slow(clock: Clock, seconds: float) -> object:
    class Slow:
        def __repr__(self) -> str:
            clock.now += seconds
            for _ in range(2_000):
                pass
            return "done"

    return Slow()


def test_slow_objects_share_a_time(clock: Clock) -> None:
    simplifier = Simplifier(seconds=0.2)
    shown = simplifier.simplify([slow(clock, 0.09) for _ in range(6)])
    late = "<Slow object, not shown: those before it took too long>"
    assert shown == ["done", "done", "<Slow whose repr took too long>", late, late, late]
    assert simplifier.simplify([1, "x", object, 5.5, Plain(a=1)]) == [
        *(1, "x", "<class 'object'>", 5.5, {"__class__": "Plain", "a": 1}),
    ]


def test_one_slow_object_does_not_take_the_time_of_all(clock: Clock) -> None:
    shown = Simplifier(seconds=1.0).simplify([slow(clock, 0.5), slow(clock, 0.05)])
    assert shown == ["<Slow whose repr took too long>", "done"]


def test_without_reprs_nothing_of_the_programs_is_called() -> None:
    called: list[str] = []

    class Telling:
        def __repr__(self) -> str:
            called.append("repr")
            return "told"

    class TellingError(Exception):
        def __str__(self) -> str:
            called.append("str")
            return "told"

    simplifier = Simplifier(reprs=False)
    assert simplifier.simplify([Telling(), 5, 1 + 2j]) == ["<Telling object>", 5, "(1+2j)"]
    assert simplifier.message_of(TellingError("said")) == "<TellingError object>"
    assert simplifier.message_of(ValueError("said")) == "said"
    assert called == []


class Spinning:
    def __repr__(self) -> str:
        while True:
            pass


class Generating:
    def __repr__(self) -> str:
        def numbers() -> Iterator[int]:
            while True:
                try:
                    yield 1
                except Exception:
                    continue

        return str(sum(numbers()))


class InC:
    def __repr__(self) -> str:
        return str(sum(map(lambda _: 1, itertools.count())))  # noqa: C417  no generator


class Exponential:
    def __repr__(self) -> str:
        def fibonacci(n: int) -> int:
            return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

        return str(fibonacci(90))


class Finalizing:
    def __repr__(self) -> str:
        class Temporary:
            def __del__(self) -> None:
                for _ in range(30):
                    pass

        while True:
            Temporary()


ENDLESS = [Spinning, Generating, InC, Exponential, Finalizing]


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_repr_without_end_is_interrupted(kind: type) -> None:
    before = sys.gettrace()
    began = time.monotonic()
    assert Simplifier(seconds=0.02).simplify([kind(), 5]) == [f"<{kind.__name__} whose repr took too long>", 5]
    assert time.monotonic() - began < 10
    assert sys.gettrace() is before


def test_two_that_show_each_other_end() -> None:
    class Left:
        def __repr__(self) -> str:
            return f"{Right()!r}"

    class Right:
        def __repr__(self) -> str:
            return f"{Left()!r}"

    assert check(Left()) == "<Left whose repr raised RecursionError>"


@pytest.fixture
def debugger() -> Iterator[list[str]]:
    """The names of the functions that a debugger has been told of."""
    told: list[str] = []

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        told.append(frame.f_code.co_name)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield told
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


@pytest.mark.usefixtures("debugger")
@pytest.mark.parametrize("kind", [*ENDLESS, *(hostile(object, raised) for raised in RAISED)])
def test_a_debugger_is_there_again_afterwards(kind: type) -> None:
    trace = sys.gettrace()
    Simplifier(seconds=0.02).simplify([kind()])
    assert sys.gettrace() is trace is not None


def test_a_debugger_goes_on_to_be_told(debugger: list[str]) -> None:
    def after() -> None: ...

    Simplifier(seconds=0.02).simplify([Spinning()])
    debugger.clear()
    after()
    assert "after" in debugger


def test_ctrl_c_leaves_the_debugger_as_it_was() -> None:
    before = sys.gettrace()
    with pytest.raises(KeyboardInterrupt):
        simplify([{"a": hostile(object, KeyboardInterrupt)()}])
    assert sys.gettrace() is before


def test_another_greenlet_is_not_interrupted(clock: Clock) -> None:
    """While one waits in its `repr`, another runs in the same thread, under the same trace function."""
    greenlet = pytest.importorskip("greenlet").greenlet
    before = sys.gettrace()
    done: list[int] = []

    def work() -> None:
        for _ in range(100_000):
            pass
        done.append(1)

    def other() -> None:
        clock.now += 5
        work()
        waiting.parent.switch()
        work()

    class Waiting:
        def __repr__(self) -> str:
            waiting.switch()
            for _ in range(2_000):
                pass
            return "done"

    waiting = greenlet(other)
    assert Simplifier().simplify([Waiting()]) == ["<Waiting whose repr took too long>"]
    assert done == [1]
    waiting.switch()
    assert done == [1, 1]
    assert sys.gettrace() is before


def test_greenlets_that_wait_within_each_other_leave_no_trace_function() -> None:
    greenlet = pytest.importorskip("greenlet").greenlet
    before = sys.gettrace()

    class Waiting:
        def __repr__(self) -> str:
            greenlet.getcurrent().parent.switch()
            return "done"

    shown: list[Any] = []
    waiting = [greenlet(lambda: shown.append(check(Waiting()))) for _ in range(3)]
    for _ in range(2):
        for each in waiting:
            each.switch()
    assert shown == ["done"] * 3
    check(Own(1))  # whatever is called next finds it out
    assert sys.gettrace() is before


def test_a_generator_that_is_used_by_a_repr_is_none_the_worse() -> None:
    def numbers() -> Iterator[int]:
        while True:
            yield 1

    class Using:
        def __init__(self) -> None:
            self.numbers = numbers()

        def __repr__(self) -> str:
            return str(next(self.numbers))

    using = Using()
    for _ in range(3):
        assert check(using) == "1"
        assert next(using.numbers) == 1


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
