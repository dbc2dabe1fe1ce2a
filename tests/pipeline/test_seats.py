"""Seats: so many requests, and so many bytes, and none of either is lost."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from raven.pipeline.seats import Seats

from .helpers import repeatable


@pytest.mark.parametrize(("count", "size", "taken"), [(3, 2**20, 3), (100, 2**16, 4), (100, 1, 0)])
def test_the_scarcer_of_the_two_bounds_holds(count: int, size: int, taken: int) -> None:
    seats = Seats(count, size)
    assert [seats.take(16_384) for _ in range(taken + 2)] == [True] * taken + [False] * 2
    assert len(seats) == count - taken


def test_what_does_not_fit_takes_nothing_away() -> None:
    seats = Seats(10, 65_536)
    assert not seats.take(70_000)
    assert seats.take(65_536)
    assert not seats.take(4_096)
    assert len(seats) == 9
    seats.give(65_536)
    assert seats.take(65_536)


@repeatable
@given(st.lists(st.integers(0, 50_000), max_size=40), st.integers(1, 10), st.integers(4_096, 200_000))
def test_what_was_taken_and_given_back_can_be_taken_again(sizes: list[int], count: int, size: int) -> None:
    seats = Seats(count, size)
    first = [each for each in sizes if seats.take(each)]
    assert sum(first) <= size + count * 4_096
    for each in first:
        seats.give(each)
    assert len(seats) == count
    assert [each for each in sizes if seats.take(each)] == first
