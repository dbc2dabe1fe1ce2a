"""What tests of values have in common."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from raven.events.scrub import Scrubber
from raven.events.values import Simplifier, simplify

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


@dataclass
class Point:
    x: int
    y: Any = None
    api_key: str = "hunter2"
    hidden: str = field(default="hunter2", repr=False)


@dataclass(frozen=True, slots=True)
class Slots:
    value: Any
    token: str = "hunter2"


@dataclass
class Own:
    value: int

    def __repr__(self) -> str:
        return f"its own {self.value}"


class Plain:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


HIDING = Simplifier(Scrubber())


class Clock:
    """The time, which passes only when it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now
