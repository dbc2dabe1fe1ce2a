"""Streams: how they write. What else they do, the conformance suite tries on real sockets."""

from __future__ import annotations

from typing import Any, cast

import pytest

from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.sinks.stream import Stream


class Clock(ThreadRuntime):
    """A runtime that needs a second for each look at the clock."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now


class Taking:
    """A socket that never has to wait, and takes so many bytes at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = b""

    def send(self, data: bytes | memoryview) -> int:
        taken = bytes(data[: self.most])
        self.taken += taken
        return len(taken)

    def close(self) -> None:
        """There is nothing to close."""


def stream(taking: Taking) -> Stream:
    return Stream(cast(Any, taking), Clock())


@pytest.mark.parametrize("most", [1, 3, 10, 100])
def test_all_is_written_however_little_is_taken_at_a_time(most: int) -> None:
    taking = Taking(most)
    drive(stream(taking).write(b"0123456789", 100.0))
    assert taking.taken == b"0123456789"


@pytest.mark.parametrize("most", [0, 1])
def test_a_write_that_goes_on_and_on_ends_at_the_deadline(most: int) -> None:
    taking = Taking(most)
    with pytest.raises(TimeoutError):
        drive(stream(taking).write(b"x" * 1_000, 101.0))
    assert len(taking.taken) == 100 * most


def test_a_write_whose_time_is_over_writes_nothing() -> None:
    taking = Taking(100)
    with pytest.raises(TimeoutError):
        drive(stream(taking).write(b"0123456789", 1.0))
    assert taking.taken == b""
