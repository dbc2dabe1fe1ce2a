"""Whatever an object does when it is asked for its `repr` or `str`, words come of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from raven.events.messages import message_of
from raven.events.values import Simplifier, simplify

from .checks import (
    RAISED,
    Clock,
    Plain,
    check,
    describe,
    hostile,
)


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
    assert message_of(TellingError("said"), simplifier) == "<TellingError object>"
    assert message_of(ValueError("said"), simplifier) == "said"
    assert called == []


def test_two_that_show_each_other_end() -> None:
    class Left:
        def __repr__(self) -> str:
            return f"{Right()!r}"

    class Right:
        def __repr__(self) -> str:
            return f"{Left()!r}"

    assert check(Left()) == "<Left whose repr raised RecursionError>"
