"""A file: its account is exact at every instant, whatever is done to it."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from raven.request import Request
from raven.spool.store import Store, StoreError, Totals

EVENT = "0123456789abcdef" * 2


def put(store: Store, *numbers: int, body: bytes = b"{}") -> None:
    for number in numbers:
        store.put(number, Request(f"{number:032x}", body=body), 1_800_000_000.0)


def waiting(store: Store) -> list[int]:
    return [row.id for row in store.page(0)[0]]


def test_what_is_put_is_read_back(store: Store) -> None:
    request = Request(EVENT, "client_report", body=b"\x00\xff", headers={"X-Shop": "north"}, endpoint="store")
    store.put(7, request, 5.0)
    row = store.load(7)
    assert row is not None
    again = row.request()
    assert [getattr(again, name) for name in ("id", "category", "body", "headers", "endpoint")] == [
        EVENT,
        "client_report",
        b"\x00\xff",
        {"X-Shop": "north"},
        "store",
    ]
    assert (row.stored, again.fate is not request.fate) == (5.0, True)
    assert store.load(8) is None


def test_every_event_is_in_the_account_once(store: Store) -> None:
    put(store, *range(1, 11))
    store.leave(1)
    store.leave(2, "expired")
    store.leave_all([3, 4, 99], "cache_overflow")
    store.bury(5, 1.0, "send_error", "the server answered 400")
    store.bury(6, 1.0, "send_error", "the server answered 400")
    for _ in range(2):  # what is not there any more is not counted again
        store.leave(1)
        store.leave(2, "expired")
        store.bury(3, 1.0, "send_error", "")
    store.leave(6, "purged")
    assert store.totals() == Totals(
        10, delivered=1, waiting=4, dead=1, bytes=10, dropped={"cache_overflow": 2, "expired": 1, "purged": 1}
    )
    assert [(letter.id, letter.reason, letter.detail) for letter in store.dead()] == [
        (5, "send_error", "the server answered 400")
    ]
    store.revive()
    assert (waiting(store), store.totals().stored, store.totals().dead) == ([5, 7, 8, 9, 10], 10, 0)
    assert store.size() == (5, 10)


def test_events_are_found_by_how_their_id_begins(store: Store) -> None:
    store.put(1, Request(EVENT, body=b"{}"), 1.0)
    store.put(2, Request("f" * 32, body=b"{}"), 1.0)
    store.bury(2, 1.0, "send_error", "no")
    assert (store.find("0123"), store.find("ff"), store.find("*"), store.find("0123456789abcdef0123*")) == (1, 2, 1, 1)
    assert store.find("e") is None
    letter = store.load_dead(2)
    assert letter is not None
    assert letter.row is not None
    assert (letter.row.event, letter.reason, store.load_dead(1)) == ("f" * 32, "send_error", None)


def test_a_page_is_bounded_by_bytes_as_well(store: Store) -> None:
    put(store, *range(1, 8), body=b"x" * 2_000_000)
    assert len(store.page(0)[0]) == 3


@pytest.mark.parametrize(
    "hostile",
    [
        "event = 'not an id'",
        "event = 7",
        "event = NULL",
        "category = 'x' || char(10) || 'y'",
        "body = 'text'",
        "body = NULL",
        "body = zeroblob(104857601)",
        "stored = 'yesterday'",
        "headers = '[]'",
        "headers = '{'",
        "headers = '{\"a\": 1}'",
        "headers = '{\"a\": \"b' || char(13) || char(10) || '\"}'",
        'headers = \'{"a": "\\r\\nX-Evil: 1"}\'',
        "headers = x'00'",
        "endpoint = '../../x'",
        "endpoint = 5",
    ],
)
def test_a_row_that_we_would_not_have_written_is_not_believed(store: Store, path: Path, hostile: str) -> None:
    put(store, 1, 2, 3)
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE waiting SET {hostile} WHERE id = 2")
    other.close()
    good, bad = store.page(0)
    assert ([row.id for row in good], bad, store.load(2)) == ([1, 3], [2], None)
    store.bury(2, 1.0, "invalid", "")
    assert [letter.row for letter in store.dead()] == [None]
    store.leave(2, "invalid")
    totals = store.totals()
    assert totals.stored == totals.waiting + totals.dropped["invalid"] == 3


def test_all_is_kept_when_the_process_is_killed(path: Path) -> None:
    program = f"""
import os
from raven.request import Request
from raven.spool.store import Store
store = Store({str(path)!r}, new=True)
for number in range(1, 51):
    store.put(number, Request("%032x" % number, body=b"x" * 3000), 1.0)
store.leave_all(range(1, 11))
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    store = Store(str(path))
    assert waiting(store) == list(range(11, 51))
    assert store.totals() == Totals(50, delivered=10, waiting=40, bytes=120_000)


def test_a_file_with_triggers_of_someone_elses_is_not_opened(store: Store, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TRIGGER evil AFTER DELETE ON waiting BEGIN DELETE FROM waiting; END")
    other.close()
    with pytest.raises(StoreError, match="not a file of this version") as raised:
        Store(str(path))
    assert raised.value.damaged


@pytest.mark.parametrize("content", [b"foreign bytes" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000, b"\x00" * 8192])
def test_what_is_no_database_is_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        Store(str(path))
    assert raised.value.damaged


def test_a_file_whose_maker_was_killed_at_once_is_not_damaged(path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        Store(str(path))
    assert (raised.value.unborn, raised.value.damaged) == (True, False)


def test_whoever_only_reads_changes_nothing(store: Store, path: Path) -> None:
    put(store, 1)
    reader = Store(str(path), reading=True)
    with pytest.raises(StoreError):
        reader.leave(1)
    assert waiting(reader) == [1]
    reader.close()
    put(store, 2)
    assert waiting(store) == [1, 2]


def test_one_that_is_closed_says_so_and_is_not_damaged(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError) as raised:
        put(store, 1)
    assert not raised.value.damaged


def test_it_knows_when_its_file_was_removed(store: Store, path: Path) -> None:
    assert store.is_in_place()
    path.rename(path.with_suffix(".elsewhere"))
    assert not store.is_in_place()
    path.write_bytes(b"another")
    assert not store.is_in_place()


def test_threads_and_those_that_interrupt_them_do_not_disturb_each_other(store: Store) -> None:
    def work(first: int) -> None:
        for number in range(first, first + 300):
            put(store, number)
            if number % 3 == 0:
                store.leave(number)

    threads = [threading.Thread(target=work, args=(1_000 * each,)) for each in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = store.totals()
    assert (totals.stored, totals.delivered, totals.waiting) == (1_200, 400, 800)


def test_nothing_but_close_frees_it(path: Path) -> None:
    """Else a forked child would, at its end, with what its parent was in the middle of."""
    store = Store(str(path), new=True)
    db = store._db
    del store
    opened = [descriptors(path)]
    del db
    gc.collect()
    opened.append(descriptors(path))
    assert opened[0] == opened[1] > 0
    closing = next(each for each in gc.get_objects() if type(each) is sqlite3.Connection and is_of(each, path))
    closing.close()
    assert descriptors(path) == 0


def descriptors(path: Path) -> int:
    """How many descriptors of the file this process has."""
    return sum(os.path.realpath(f"/proc/self/fd/{each}") == str(path) for each in os.listdir("/proc/self/fd"))


def is_of(db: sqlite3.Connection, path: Path) -> bool:
    try:
        return bool(db.execute("PRAGMA database_list").fetchone()[2] == str(path))
    except sqlite3.ProgrammingError:
        return False
