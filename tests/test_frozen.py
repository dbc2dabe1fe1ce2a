"""Values that nothing changes."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
from dataclasses import field
from typing import Any, ClassVar

import pytest

from raven.frozen import Frozen, fields_of, made_by
from raven.request import Response

CV: Any = ClassVar


class Point(Frozen):
    x: int
    y: int = 0


class Place(Point):
    origin: ClassVar[str] = "here"
    names: list[str] = made_by(list)


def test_it_is_made_of_its_attributes_in_their_order_or_by_name() -> None:
    assert Point(1, 2) == Point(y=2, x=1) == Point(1, y=2) != Point(1)
    assert list(fields_of(Place)) == ["x", "y", "names"]
    assert Place(1, 2, ["inn"]).names == ["inn"]
    assert Place.y == 0
    assert not hasattr(Place, "names")


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ((), {}, "Point needs x"),
        ((), {"y": 1}, "Point needs x"),
        ((1, 2, 3), {}, "Point has 2 attributes, and was given 3"),
        ((1,), {"x": 1}, "Point was given x twice"),
        ((1, 2), {"x": 1}, "Point was given x twice"),
        ((), {"x": 1, "z": 1}, "Point has no attribute z; it has x, y"),
        ((), {"y": 1, "z": 1}, "Point has no attribute z; it has x, y"),
    ],
)
def test_other_arguments_are_refused(values: tuple[Any, ...], named: dict[str, Any], message: str) -> None:
    make: Any = Point
    with pytest.raises(TypeError, match=f"^{message}$"):
        make(*values, **named)


def test_what_has_no_attributes_is_made_of_nothing() -> None:
    class Nothing(Frozen):
        pass

    make: Any = Nothing
    assert make() == Nothing()
    with pytest.raises(TypeError, match=r"^Nothing has no attribute x; it has none$"):
        make(x=1)


def test_those_of_one_class_with_equal_attributes_are_equal() -> None:
    assert Point(1, 2) != (1, 2)
    assert Point(1, 2) != Place(1, 2)
    assert len({Point(1, 2), Point(y=2, x=1), Point(2, 1)}) == 2


def test_what_a_factory_makes_is_each_ones_own() -> None:
    assert Place(1).names is not Place(1).names


def test_the_repr_has_what_differs_from_the_defaults() -> None:
    assert repr(Point(0)) == "Point(x=0)"
    assert repr(Place(0, 1)) == "Place(x=0, y=1)"
    assert repr(Place(1, names=["inn"])) == "Place(x=1, names=['inn'])"

    class Quiet(Point):
        names: list[str] = made_by(list, repr=False)

    assert repr(Quiet(1, names=["inn"])) == "Quiet(x=1)"


def test_another_is_made_by_replacing() -> None:
    point = Point(1, 2)
    assert point.replace(y=3) == Point(1, 3)
    assert point.replace() is point
    with pytest.raises(TypeError, match=r"^Point has no attribute z; it has x, y$"):
        point.replace(z=1)


def test_nothing_changes_one() -> None:
    point: Any = Point(1, 2)
    with pytest.raises(AttributeError, match=r"^a Point can't be changed: make another one, with another x$"):
        point.x = 2
    with pytest.raises(AttributeError, match=r"^a Point can't be changed: its x stays$"):
        del point.x
    assert point == Point(1, 2)


@pytest.mark.parametrize("value", [Response(200), Response(200, {"a": "b"}, b"c"), Point(1, 2)], ids=repr)
def test_one_can_be_copied_and_pickled(value: Frozen) -> None:
    for copied in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert copied == value


def test_one_can_be_matched() -> None:
    match Place(1, 2):
        case Place(x, y, names):
            assert (x, y, names) == (1, 2, [])
        case _:
            pytest.fail("it does not match")


def test_what_a_class_keeps_besides_is_no_part_of_the_value() -> None:
    class Keeping(Point):
        def __post_init__(self) -> None:
            object.__setattr__(self, "kept", self.x)

        @functools.cached_property
        def far(self) -> int:
            return self.x + self.y

    one = Keeping(1, 2)
    assert one.far == 3
    assert one == Keeping(1, 2)
    assert hash(one) == hash(Keeping(1, 2))
    assert one.replace(x=2).far == 4
    assert repr(one) == "Keeping(x=1, y=2)"


def test_its_signature_is_what_help_shows() -> None:
    class Own(Point):
        def __init__(self, half: int) -> None:
            super().__init__(2 * half)

    assert Own(4).x == 8
    assert str(inspect.signature(Own)) == "(half: 'int') -> 'None'"
    assert str(inspect.signature(Place)) == "(x: 'int', y: 'int' = 0, names: 'list[str]' = Ellipsis)"

    class Called(Point):
        def __call__(self, length: int) -> None: ...

    assert str(inspect.signature(Called(1))) == "(length: 'int') -> 'None'"


def test_annotations_that_are_no_text_are_read_as_well() -> None:
    annotations = {"size": int, "role": ClassVar[str], "kind": ClassVar}
    kind = type("Kind", (Frozen,), {"__annotations__": annotations, "__module__": __name__, "role": "x", "size": 3})
    assert list(fields_of(kind)) == ["size"]


@pytest.mark.parametrize("annotation", ["ClassVar", "CV[int]", "typing.ClassVar[int]", "t.ClassVar[int]", "t.ClassVar"])
def test_a_variable_of_the_class_is_no_attribute_whatever_it_is_called_by(annotation: str) -> None:
    kind = type("Kind", (Point,), {"__annotations__": {"y": annotation}, "__module__": __name__, "y": 5})
    assert list(fields_of(kind)) == ["x"]
    assert kind(1).y == 5


@pytest.mark.parametrize("annotation", ["nosuch.CV", "t.nosuch[int]", "CVs", "int", ""])
def test_all_else_is_one(annotation: str) -> None:
    kind = type("Kind", (Frozen,), {"__annotations__": {"size": annotation}, "__module__": "nosuchmodule"})
    assert list(fields_of(kind)) == ["size"]


def test_a_subclass_may_give_an_attribute_another_default() -> None:
    Farther: Any = type("Farther", (Point,), {"y": 5, "__module__": __name__})  # which mypy would have annotated
    assert repr(Farther(1)) == "Farther(x=1)"
    assert Farther(1).y == 5
    assert Farther(1, 0).y == 0
    assert fields_of(Farther)["y"].annotation == "int"
    assert Point(1).y == 0

    Fixed: Any = type("Fixed", (Point,), {"y": property(lambda _: 7), "__module__": __name__})
    assert Fixed(1).y == 7
    assert fields_of(Fixed)["y"].default == 0


def test_a_default_that_all_would_share_is_refused() -> None:
    message = r"^Wrong: all would share the default of names, a list: give a factory$"
    with pytest.raises(TypeError, match=message):

        class Wrong(Frozen):
            names: list[str] = []  # noqa: RUF012  # what ruff warns of is what must be refused


def test_an_attribute_without_a_default_comes_before_those_with_one() -> None:
    with pytest.raises(TypeError, match=r"^Wrong: z needs a default, for y before it has one$"):

        class Wrong(Point):
            z: int  # type: ignore[misc]  # what mypy refuses must be refused at run time too


def test_it_is_no_dataclass() -> None:
    with pytest.raises(TypeError, match=r"^Wrong is no dataclass: the default of names can't be a field\(...\)$"):

        class Wrong(Frozen):
            names: list[str] = field(default_factory=list)
