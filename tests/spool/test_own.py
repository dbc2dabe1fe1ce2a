"""A process's own file: what the disk doesn't allow is in memory, and nothing is lost that can be saved."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from raven.outcome import DELIVERED, Outcome
from raven.request import Request
from raven.spool import salvage
from raven.spool.bounds import Bounds
from raven.spool.own import Own
from raven.spool.store import Store, StoreError
from raven.testing import FakeRuntime
from tests.spool.conftest import LOG, PROJECT

DEAD = Outcome("send_error", "the server answered 400")


class Place:
    """An own file, and what it said of each event."""

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        self.folder = folder
        self.runtime = FakeRuntime()
        self.ended: list[tuple[int, str | None]] = []
        self.own = Own(
            str(folder),
            PROJECT,
            bounds or Bounds(100, 10_000, 1e9),
            lambda: 1_800_000_000.0,
            self.runtime.monotonic,
            LOG,
            lambda number, outcome: self.ended.append((number, outcome.reason)),
            durable=False,
        )

    def put(self, *numbers: int, size: int = 2) -> list[bool]:
        return [self.own.put(number, Request(f"{number:032x}", body=b"x" * size)) for number in numbers]

    def park(self, *numbers: int) -> None:
        for number in numbers:
            self.own.park(number)

    def take(self) -> list[int]:
        found = []
        while (row := self.own.take()) is not None:
            found.append(row.id)
        return found

    @property
    def file(self) -> Path:
        (found,) = self.folder.glob("*.spool")
        return found

    @property
    def store(self) -> Store:
        assert self.own._file is not None
        return self.own._file.store


@pytest.fixture
def place(folder: Path) -> Place:
    return Place(folder)


def fail(error: StoreError) -> object:
    def call(*arguments: object, **named: object) -> None:
        raise error

    return call


FULL = StoreError("database or disk is full")


def test_what_is_parked_is_taken_in_order_and_what_failed_after_the_rest(place: Place) -> None:
    assert place.put(1, 2, 3, 4) == [True] * 4
    place.park(3, 1, 4)
    first = place.own.take()
    assert first is not None
    place.own.put_aside(first)
    assert place.take() == [3, 4, 1]
    place.own.put_back(first)
    assert place.own.has_work()
    assert place.take() == [1]
    assert not place.own.has_work()


def test_what_ends_is_told(place: Place) -> None:
    place.put(1, 2, 3)
    place.park(1, 2, 3)
    for row, end in zip([place.own.take(), place.own.take()], (DELIVERED, DEAD), strict=True):
        assert row is not None
        if end is DELIVERED:
            place.own.delivered(row)
        else:
            place.own.bury(row, end)
    assert place.ended == [(1, None), (2, "send_error")]
    assert (place.store.totals().delivered, place.store.totals().dead) == (1, 1)


def test_a_full_disk_is_left_alone_for_a_while_and_then_used_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(1)
    monkeypatch.setattr(Store, "put", fail(FULL))
    assert place.put(2) == [False]
    monkeypatch.undo()
    assert place.put(3) == [False]  # without a try
    place.runtime.advance(1.0)
    assert place.put(4) == [True]
    assert [row.id for row in place.store.page(0)[0]] == [1, 4]


def test_pauses_grow_up_to_a_bound(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def count(self: Store, *arguments: object) -> None:
        tries.append(place.runtime.monotonic())
        raise FULL

    monkeypatch.setattr(Store, "put", count)
    for _ in range(3_000):
        place.put(1)
        place.runtime.advance(0.1)
    assert 12 < len(tries) < 18


def test_what_fails_at_the_same_time_makes_one_pause(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put(1)
    monkeypatch.setattr(Store, "bury", fail(FULL))
    for _ in range(5):
        place.own.dead(1, DEAD)
    place.runtime.advance(0.5)
    assert place.put(2) == [True]


@pytest.mark.parametrize("call", ["leave", "bury", "note", "load", "size"])
def test_no_failure_of_the_disk_is_raised(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    place.put(1, 2)
    place.park(1)
    monkeypatch.setattr(Store, call, fail(FULL))
    place.own.gone(2)
    place.own.dead(2, DEAD)
    place.own.note("it failed")
    place.put(3)
    assert place.take() == ([] if call == "load" else [1])
    monkeypatch.undo()
    place.runtime.advance(1.0)
    assert place.take() == ([1] if call == "load" else [])


def test_what_the_disk_did_not_take_is_told_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put(1, 2, 3, 4)
    monkeypatch.setattr(Store, "leave", fail(FULL))
    place.own.gone(1)
    place.own.gone(2)
    monkeypatch.undo()
    place.own.gone(3)
    assert place.store.totals().delivered == 0
    place.runtime.advance(1.0)
    place.put(5)
    assert place.store.totals().delivered == 3
    place.runtime.advance(60.0)
    monkeypatch.setattr(Store, "leave", fail(FULL))
    place.own.gone(4)
    place.own.gone(5)
    monkeypatch.undo()
    place.own.let_go()
    assert list(place.folder.iterdir()) == []


def test_nothing_is_done_without_a_file(place: Place) -> None:
    place.own.gone(1)
    place.own.dead(1, DEAD)
    place.own.note("it failed")
    place.park(1)
    assert place.take() == []
    place.own.let_go()
    assert list(place.folder.iterdir()) == []


def test_what_is_larger_than_all_that_may_be_kept_is_not_stored(folder: Path) -> None:
    place = Place(folder, Bounds(10, 1_000, 1e9))
    assert place.put(1, size=1_001) == [False]
    assert place.put(2, size=1_000) == [True]


def test_the_bounds_hold_by_bytes_too_and_dead_letters_go_first(folder: Path) -> None:
    place = Place(folder, Bounds(10, 1_000, 1e9))
    place.put(1, 2, 3, size=300)
    place.own.dead(2, DEAD)
    place.put(4, size=300)
    assert [row.id for row in place.store.page(0)[0]] == [1, 3, 4]
    place.put(5, size=600)
    assert [row.id for row in place.store.page(0)[0]] == [4, 5]
    assert place.ended == [(2, "cache_overflow"), (1, "cache_overflow"), (3, "cache_overflow")]


def test_how_much_there_is_is_looked_up_now_and_then_and_always_near_the_bounds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, looks = Place(folder, bounds=Bounds(150, 1_000_000, 1e9)), list[int]()
    real = Store.size

    def size(self: Store) -> tuple[int, int]:
        found = real(self)
        if self.path == place.own.path:  # and not one that an earlier test has left behind
            looks.append(found[0])
        return found

    monkeypatch.setattr(Store, "size", size)
    place.put(*range(1, 154))
    assert looks == [1, 102, 151, 151, 151]
    assert place.ended == [(number, "cache_overflow") for number in (1, 2, 3)]


def test_what_goes_because_there_is_too_much_waits_no_longer(folder: Path) -> None:
    place = Place(folder, Bounds(100, 10_000_000, 1e9))
    for number in range(1, 1_001):
        place.put(number)
        place.park(number)
    assert len(place.own._waiting) <= 101
    assert place.take() == list(range(901, 1_001))
    assert place.ended == [(number, "cache_overflow") for number in range(1, 901)]


def test_what_is_too_old_or_not_believed_ends(folder: Path) -> None:
    place = Place(folder, Bounds(10, 1_000, 60.0))
    place.put(1, 2, 3)
    with sqlite3.connect(place.file) as other:
        other.execute("UPDATE waiting SET stored = 1799999900.0 WHERE id = 1")
        other.execute("UPDATE waiting SET event = 'x' WHERE id = 2")
    other.close()
    place.park(1, 2, 3)
    assert place.take() == [3]
    assert place.ended == [(1, "expired"), (2, "invalid")]
    assert place.store.totals().dropped == {"expired": 1, "invalid": 1}


def test_a_folder_that_was_deleted_is_made_anew_with_all_that_was_in_it(place: Place) -> None:
    place.put(*range(1, 151))
    place.put(151)
    shutil.rmtree(place.folder)
    assert place.put(200) == [True]
    assert place.own.has_work()
    place.own.rescue()
    assert place.store.totals().waiting == 101  # as many as were left of them, and the new one
    place.park(120, 200)
    assert place.take() == [120, 200]


def test_a_new_file_is_bounded_as_the_lost_one_was_also_when_that_is_brought_over(folder: Path) -> None:
    place = Place(folder, Bounds(10, 10_000, 1e9))
    place.put(*range(1, 9))
    shutil.rmtree(folder)
    place.put(*range(11, 16))  # so many that it is looked up how much is in the new one
    assert place.store.totals().waiting == 5
    place.own.rescue()
    place.put(16)
    assert place.store.totals().waiting == 10
    shutil.rmtree(folder)
    place.put(*range(21, 33))
    assert [row.id for row in place.store.page(0)[0]] == list(range(23, 33))


def test_a_damaged_file_is_set_aside_and_what_can_be_read_is_saved(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(1, 2, 3)
    monkeypatch.setattr(Store, "put", fail(StoreError("malformed", damaged=True)))
    assert place.put(4) == [False]
    monkeypatch.undo()
    assert place.put(5) == [True]
    place.own.rescue()
    assert [row.id for row in place.store.page(0)[0]] == [1, 2, 3, 5]
    assert len(salvage.damaged(str(place.folder))) == 1


def test_what_can_not_be_saved_does_no_harm(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put(1)
    shutil.rmtree(place.folder)
    place.put(2)
    monkeypatch.setattr(Store, "copy", fail(FULL))
    place.own.rescue()
    assert not place.own.has_work()


def test_a_rescue_waits_for_a_new_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put(1)
    monkeypatch.setattr(Store, "leave", fail(StoreError("malformed", damaged=True)))
    place.own.gone(1)
    place.own.gone(1)  # once is enough
    monkeypatch.setattr("raven.spool.files.make", fail(FULL))
    place.own.rescue()
    assert place.own.has_work()
    place.own.let_go()
    assert not place.own.has_work()


def test_a_file_that_can_not_even_be_renamed_is_removed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put(1)

    def denied(path: str) -> str:
        raise PermissionError

    monkeypatch.setattr(salvage, "set_aside", denied)
    monkeypatch.setattr(Store, "leave", fail(StoreError("malformed", damaged=True)))
    place.own.gone(1)
    monkeypatch.undo()
    monkeypatch.setattr(salvage, "set_aside", denied)
    place.put(2)
    place.own.rescue()
    assert [row.id for row in place.store.page(0)[0]] == [2]


def test_a_handler_that_interrupts_the_making_of_the_file_does_with_memory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, within = Store.__init__, []

    def interrupted(self: Store, *arguments: object, **named: object) -> None:
        within.extend(place.put(7))
        real(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "__init__", interrupted)
    assert place.put(1) == [True]
    assert within == [False]


def test_a_client_that_nobody_has_any_more_lets_go(folder: Path) -> None:
    place = Place(folder)
    place.put(1)
    path = place.file
    del place
    gc.collect()
    assert not any(os.path.realpath(f"/proc/self/fd/{each}") == str(path) for each in os.listdir("/proc/self/fd"))
    heir = Place(folder)
    assert heir.put(2) == [True]
