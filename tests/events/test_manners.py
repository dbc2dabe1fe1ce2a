"""Objects are shown by what they have, if they have no words of their own."""

from __future__ import annotations

import collections
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

import pytest

from raven.events.scrub import FILTERED

from .checks import (
    HIDING,
    Own,
    Plain,
    Point,
    Slots,
    check,
)


@dataclass
class Deeper(Point):
    z: int = 3


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


class Password(Plain):
    pass


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
