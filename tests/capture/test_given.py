"""What is handed in becomes a dict or a tuple, or words."""

from __future__ import annotations

import itertools
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest

from raven.capture.given import mapping_of, parameters_of


class Endless(UserDict[str, int]):
    """Has no last key."""

    def __iter__(self) -> Iterator[str]:
        while True:
            yield "key"


class Interrupted(UserDict[str, int]):
    def __iter__(self) -> Iterator[str]:
        raise KeyboardInterrupt


@pytest.mark.parametrize("kind", [dict, OrderedDict, MappingProxyType, UserDict])
def test_mappings_of_all_kinds_are_taken(kind: Any) -> None:
    for expected in ({"a": 1}, {}):
        for taken in (mapping_of("extra", kind(expected)), parameters_of(kind(expected))):
            assert taken in (expected, ())
            assert type(taken) in (dict, tuple)


def test_nothing_is_an_empty_one() -> None:
    assert (mapping_of("extra", None), parameters_of(None)) == ({}, ())


@pytest.mark.parametrize(
    "given", [5, "text", [("a", 1)], (), object(), Endless()], ids=lambda given: type(given).__name__
)
def test_what_is_no_mapping_is_told_by_its_name(given: object) -> None:
    assert mapping_of("tags", given) == {"tags": f"<{type(given).__name__} that is no mapping>"}


@pytest.mark.parametrize("given", [(1, 2), [1, 2], iter([1, 2])], ids=lambda given: type(given).__name__)
def test_what_has_items_is_taken_for_parameters(given: Any) -> None:
    assert parameters_of(given) == (1, 2)


@pytest.mark.parametrize("given", [5, object(), Endless()], ids=lambda given: type(given).__name__)
def test_what_has_none_is_told_by_its_name(given: object) -> None:
    assert parameters_of(given) == (f"<{type(given).__name__} that is no tuple>",)


def test_of_parameters_without_end_the_first_are_taken() -> None:
    assert parameters_of(itertools.count())[-1] == 999


def test_ctrl_c_goes_through() -> None:
    for take in (lambda: mapping_of("extra", Interrupted(a=1)), lambda: parameters_of(Interrupted(a=1))):
        with pytest.raises(KeyboardInterrupt):
            take()
