"""What processes that are gone have left is found, in order, by one; and what is damaged is set aside."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from raven.errors import ConfigurationError
from raven.outcome import Outcome
from raven.request import Request
from raven.spool import files, salvage
from raven.spool import folder as folders
from raven.spool.bounds import Bounds, Clock
from raven.spool.lock import Lock
from raven.spool.orphans import Orphans
from raven.spool.store import Store, StoreError
from tests.spool.conftest import LOG, PROJECT

LARGE = Bounds(10**9, 10**12, 1e9)
NOW = 1_800_000_000.0
DEAD = Outcome("send_error", "the server answered 400")


def left_behind(folder: Path, *numbers: int, size: int = 2, stored: float = NOW) -> Path:
    """A file as a process leaves it that is killed."""
    path = folder / folders.new_name(PROJECT)
    folders.create(str(path))
    store = Store(str(path), new=True)
    for number in numbers:
        store.put(number, Request(f"{number:032x}", body=b"x" * size), stored)
    store.close()
    return path


def orphans_in(folder: Path, bounds: Bounds = LARGE) -> Orphans:
    return Orphans(str(folder), PROJECT, bounds, lambda: NOW, LOG)


def taken(orphans: Orphans) -> Iterator[int]:
    """All that can be had, each delivered."""
    while (found := orphans.take()) is not None:
        orphan, row = found
        orphan.delivered(row)
        yield row.id


def test_each_file_is_taken_in_its_order_and_removed_when_it_is_empty(folder: Path) -> None:
    left_behind(folder, *range(1, 251))
    left_behind(folder, 1, 2)
    orphans = orphans_in(folder)
    assert not orphans.look()
    assert list(taken(orphans)) in ([*range(1, 251), 1, 2], [1, 2, *range(1, 251)])
    assert list(folder.iterdir()) == []


def test_in_order_nothing_is_taken_from_a_file_of_which_somebody_has_an_event(folder: Path) -> None:
    for _ in range(2):
        left_behind(folder, 1, 2)
    orphans = orphans_in(folder)
    orphans.look()
    first, second = (orphans.take(in_order=True) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first[0] is not second[0]
    assert orphans.take(in_order=True) is None
    second[0].delivered(second[1])
    again = orphans.take(in_order=True)
    assert again is not None
    assert (again[0], again[1].id) == (second[0], 2)
    again[0].delivered(again[1])
    assert orphans.take(in_order=True) is None
    assert len(list(orphans)) == 1  # what is done is let go, what somebody has an event of is not


def test_a_file_is_adopted_by_one(folder: Path) -> None:
    left_behind(folder, 1)
    orphans, others = orphans_in(folder), orphans_in(folder)
    assert not orphans.look()
    assert others.look()  # somebody has it, who may leave it behind one day
    assert not orphans.look()
    assert others.take() is None
    orphans.release()
    others.look()
    assert list(taken(others)) == [1]


def test_a_lock_that_was_left_alone_is_removed(folder: Path) -> None:
    path = left_behind(folder)
    path.unlink()
    (folder / (path.name + ".lock")).write_text("")
    assert not orphans_in(folder).look()
    assert list(folder.iterdir()) == []


def test_a_file_that_was_never_finished_is_removed(folder: Path) -> None:
    folders.create(str(folder / folders.new_name(PROJECT)))
    orphans_in(folder).look()
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_has_nothing(folder: Path) -> None:
    folder.rmdir()
    assert not orphans_in(folder).look()


def test_a_link_is_left_alone(folder: Path, tmp_path: Path) -> None:
    path = left_behind(folder, 1)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    orphans = orphans_in(folder)
    orphans.look()
    assert (orphans.take(), path.is_symlink(), elsewhere.exists()) == (None, True, True)


def test_what_can_not_be_opened_now_is_left_for_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(folder, 1)
    orphans = orphans_in(folder)

    def busy(*arguments: Any, **named: Any) -> Store:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(files, "Store", busy)
    orphans.look()
    assert orphans.take() is None
    monkeypatch.undo()
    orphans.look()
    assert list(taken(orphans)) == [1]


def test_an_error_of_the_system_is_survived(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(folder, 1)

    def denied(path: str) -> Lock | None:
        raise PermissionError

    monkeypatch.setattr(Lock, "take", denied)
    orphans = orphans_in(folder)
    assert orphans.look()
    assert orphans.take() is None


def test_what_is_not_believed_is_dropped_and_counted(folder: Path) -> None:
    path = left_behind(folder, *range(1, 301))
    with sqlite3.connect(path) as other:
        other.execute("UPDATE waiting SET event = 'x' WHERE id <= 150 OR id = 200 OR id = 300")
    other.close()
    orphans = orphans_in(folder)
    orphans.look()
    (orphan,) = orphans
    assert len(list(taken(orphans))) == 148
    with pytest.raises(StoreError):  # it is gone
        orphan.store.totals()
    assert list(folder.iterdir()) == []


def test_what_is_too_old_is_dropped_unless_its_clock_was_wrong(folder: Path) -> None:
    bounds = Bounds(100, 10_000, 60.0)
    left_behind(folder, 1, stored=NOW - 61)
    left_behind(folder, 2, stored=NOW - 59)
    left_behind(folder, 3, stored=NOW + 10**9)
    left_behind(folder, 4, stored=0.0)
    orphans = orphans_in(folder, bounds)
    orphans.look()
    assert sorted(taken(orphans)) == [2, 3, 4]


def test_all_together_are_bounded_and_the_oldest_and_the_dead_go_first(folder: Path) -> None:
    path = left_behind(folder, *range(1, 6), size=100)
    store = Store(str(path))
    store.bury(5, NOW, "send_error", "")
    store.close()
    orphans = orphans_in(folder, Bounds(3, 10_000, 1e9))
    orphans.look()
    (orphan,) = orphans
    assert orphan.store.totals().dropped == {"cache_overflow": 2}
    orphans.release()
    orphans = orphans_in(folder, Bounds(100, 250, 1e9))
    orphans.look()
    assert list(taken(orphans)) == [3, 4]


def test_bounds_that_can_not_be_kept_now_are_kept_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(folder, 1, 2)

    def fail(self: Store) -> tuple[int, int]:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(Store, "size", fail)
    orphans = orphans_in(folder, Bounds(1, 10_000, 1e9))
    orphans.look()
    monkeypatch.undo()
    orphans.look()
    assert list(taken(orphans)) == [2]


def test_a_file_that_fails_is_let_go_and_adopted_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(folder, 1)
    orphans = orphans_in(folder)
    orphans.look()

    def fail(self: Store, after: int) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(Store, "page", fail)
    assert orphans.take() is None
    monkeypatch.undo()
    orphans.look()
    assert list(taken(orphans)) == [1]


def test_a_file_is_not_let_go_while_somebody_has_an_event_of_it(folder: Path) -> None:
    left_behind(folder, 1, 2)
    orphans = orphans_in(folder)
    orphans.look()
    found = orphans.take()
    assert found is not None
    orphan, first = found
    second = orphan.take()
    assert second is not None
    assert orphans.take() is None
    orphan.put_aside(first)
    orphan.put_back(second)
    assert [row.id for row in (orphan.take(), orphan.take()) if row] == [2, 1]
    orphan.bury(first, DEAD)
    orphan.delivered(second)
    assert orphans.take() is None
    assert [path.suffix for path in sorted(folder.iterdir())][:1] == [".spool"]  # the dead letter is kept


def test_what_can_be_read_of_a_damaged_file_is_saved(folder: Path) -> None:
    path = left_behind(folder, *range(1, 201), size=900)
    content = bytearray(path.read_bytes())
    content[20 * 4096 : 23 * 4096] = b"\xee" * (3 * 4096)  # some pages of events
    content[18] = 2
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")  # whoever opens it sees at once that it is not as it should be
    other.close()
    changed = bytearray(path.read_bytes())
    changed[20 * 4096 : 23 * 4096] = content[20 * 4096 : 23 * 4096]
    path.write_bytes(changed)
    orphans = orphans_in(folder)
    orphans.look()
    found = list(taken(orphans))
    assert 200 - 3 * 4 <= len(found) < 200  # four are on a page
    assert found == sorted(found)
    assert salvage.damaged(str(folder)) == [path.name + ".damaged"]


def test_damage_that_shows_only_later_is_mended_as_well(folder: Path) -> None:
    path = left_behind(folder, *range(1, 301), size=900)
    content = bytearray(path.read_bytes())
    content[50 * 4096 : 51 * 4096] = b"\xee" * 4096  # far behind what is read first
    path.write_bytes(content)
    orphans = orphans_in(folder)
    orphans.look()
    found = list(taken(orphans))
    assert 300 - 4 <= len(found) < 300
    assert len(set(found)) == len(found)
    assert salvage.damaged(str(folder)) == [path.name + ".damaged"]


@pytest.mark.parametrize("error", [OSError("no"), StoreError("no"), ConfigurationError("no")], ids=type)
def test_what_can_not_be_mended_now_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    left_behind(folder, 1)
    orphans = orphans_in(folder)
    orphans.look()

    def fail(*_: object) -> None:
        raise error

    def damaged(self: Store, after: int) -> None:
        raise StoreError("it is malformed", damaged=True)

    monkeypatch.setattr(Store, "page", damaged)
    monkeypatch.setattr(files, "rescued", fail)
    assert orphans.take() is None


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_takes_more_than_what_it_hit(folder: Path, seed: int) -> None:
    """Bits that flip, ends that are cut off, zeros and foreign bytes: in the file, or in what SQLite has beside it."""
    chance = random.Random(seed)
    path = left_behind(folder, *range(1, 61), size=700)
    if seed % 2:  # its process was killed, and most is in the log still
        store = Store(str(path))
        store.put(61, Request(f"{61:032x}", body=b"y"), NOW)
        log = Path(f"{path}-wal").read_bytes()
        content = path.read_bytes()
        store.close()
        path.write_bytes(content)
        Path(f"{path}-wal").write_bytes(log)
    target = Path(f"{path}-wal") if seed % 4 == 1 else path
    data = bytearray(target.read_bytes())
    at = chance.randrange(len(data))
    kind = seed % 5
    if kind == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        data[at:] = bytes(len(data) - at)
    elif kind == 3:
        data[at : at + 500] = chance.randbytes(500)
    else:
        data += chance.randbytes(5_000)
    target.write_bytes(data)
    left_behind(folder, 1)
    orphans = orphans_in(folder)
    orphans.look()
    found = list(taken(orphans))
    assert found.count(1) >= 1  # that of the file that is well
    assert len(found) <= 62
    orphans.release()
    again = orphans_in(folder)
    again.look()
    assert list(taken(again)) == []


def test_no_more_than_three_damaged_files_are_kept(folder: Path) -> None:
    for age in range(5):
        path = left_behind(folder, 1)
        path.write_bytes(b"foreign" * 1000)
        aside = salvage.set_aside(str(path))
        os.utime(aside, (age, age))
    assert len(salvage.damaged(str(folder))) == 3


def test_what_can_not_be_opened_at_all_has_nothing_to_read(folder: Path) -> None:
    assert list(salvage.readable(str(folder / "missing" / "file"))) == []


def test_what_can_not_be_saved_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = left_behind(folder, 1, 2)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()

    def full(self: Store, row: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(Store, "copy", full)
    orphans = orphans_in(folder)
    orphans.look()
    assert orphans.take() is None
    assert salvage.damaged(str(folder)) == [path.name + ".damaged"]


def test_the_clock_is_not_set_while_the_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    now = 5.0
    clock = Clock(lambda: now)
    before = clock()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    now = 6.0
    assert clock() == before + 1.0
