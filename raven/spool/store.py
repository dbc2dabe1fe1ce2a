"""One file: a database of SQLite.

Every call here is one statement that is committed when it returns, so any thread may come at any time, and a process may be
killed at any time. All of them raise `StoreError`, and nothing else, if the disk or the file does not allow it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import RavenError
from ..first_import import first_import
from ..request import Request
from . import row as rows
from . import schema
from .gate import gate
from .row import LONGEST_BODY, Row

if TYPE_CHECKING:
    import sqlite3

_PAGE = 100
_PAGE_BYTES = 4 * 1_048_576
# Some builds of SQLite overwrite what is deleted, even if they have to write whole pages for that. What is in the log they
# don't, so nobody is safer for it.
_PRAGMAS = "trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY", "secure_delete = FAST"
_PATIENCE = 5.0
"""Seconds to wait for another process that reads the file."""


class StoreError(RavenError):
    """The disk, or the file, does not allow it. `damaged` says that it is the file, and that it won't later either;
    `unborn` that whoever made it was killed before there could be anything in it.
    """

    def __init__(self, message: str, *, damaged: bool = False, unborn: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged
        self.unborn = unborn


@dataclass(frozen=True)
class Totals:
    """The account of a file. `bytes` counts the bodies of those that wait and of those that are dead."""

    stored: int = 0
    delivered: int = 0
    waiting: int = 0
    dead: int = 0
    bytes: int = 0
    error: str | None = None
    failed: float | None = None
    dropped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Dead:
    """A dead letter: the event, and why it was given up. `row` is None if the event can't be read."""

    id: int
    row: Row | None
    died: float
    reason: str
    detail: str


class Store:
    """The events in one file. `durable`: what is stored survives the loss of power too, and not only the process.
    `reading`: it is someone else's, and nothing in it is changed.
    """

    def __init__(self, path: str, *, durable: bool = False, new: bool = False, reading: bool = False) -> None:
        self.path = path
        self._module = module = sqlite()
        self._failures = module.Error, OSError, SystemError, OverflowError, UnicodeError
        with self._using():
            self._inode = os.stat(path).st_ino
            self._db = _connect(module, path)
            try:
                self._prepare(durable, new, reading)
            except BaseException:
                self._db.close()
                raise

    def _prepare(self, durable: bool, new: bool, reading: bool) -> None:
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        if self._one("PRAGMA journal_mode = WAL") != ("wal",):
            raise StoreError("the file system has no shared memory, which WAL mode needs")
        # Without power loss in mind nothing has to wait for the disk: what is written belongs to the kernel.
        self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        if reading:
            self._db.execute("PRAGMA query_only = ON")
        if new:
            self._db.execute("BEGIN")
            for statement in schema.STATEMENTS:
                self._db.execute(statement)
            self._db.execute("COMMIT")
        elif self._one("PRAGMA page_count")[0] <= 1 and not self._schema():
            raise StoreError("there is nothing in it", unborn=True)
        elif self._one("PRAGMA user_version") != (schema.VERSION,) or self._schema() != schema.EXPECTED:
            raise StoreError("it is not a file of this version", damaged=True)

    def _schema(self) -> list[str]:
        return [sql for (sql,) in self._db.execute(schema.SCHEMA).fetchmany(len(schema.EXPECTED) + 1)]

    @contextmanager
    def _using(self) -> Iterator[None]:
        with gate():
            try:
                yield
            except self._failures as error:
                raise self._translated(error) from error

    def _change(self, statement: str, values: Sequence[Any] = ()) -> None:
        # What every event pays twice; a context manager would be as much again as all else here but SQLite.
        with gate():
            try:
                self._db.execute(statement, values)
            except self._failures as error:
                raise self._translated(error) from error

    def _translated(self, error: Exception) -> StoreError:
        return StoreError(f"{type(error).__name__}: {error}", damaged=_is_damage(self._module, error))

    def is_in_place(self) -> bool:
        """Whether the file is still where it was. What is stored in one that was removed is lost at the end."""
        try:
            return os.stat(self.path).st_ino == self._inode
        except OSError:
            return False

    def put(self, number: int, request: Request, now: float) -> None:
        """Store a request under a number of its own."""
        self._change(schema.PUT, rows.columns(number, request, now))

    def copy(self, row: Row) -> None:
        """Store what was read from another file, as it was there."""
        self._change(schema.PUT, rows.columns(row.id, row.request(), row.stored))

    def leave(self, number: int, reason: str | None = None) -> None:
        """It was delivered, or is dropped for a reason. A number that is not there, or no more, does nothing."""
        self._change(schema.LEAVE, (number, reason))

    def leave_all(self, numbers: Iterable[int], reason: str | None = None) -> None:
        """The same for several, in one step."""
        self._change(schema.LEAVE_ALL, (reason, json.dumps(list(numbers))))

    def bury(self, number: int, now: float, reason: str, detail: str) -> None:
        """Put it where it can be read and is not tried again."""
        self._change(schema.BURY, (number, now, reason, detail))

    def revive(self) -> None:
        """Have all dead letters wait again."""
        self._change(schema.REVIVE)

    def note(self, error: str, now: float) -> None:
        """Remember the last failure, for people."""
        self._change(schema.FAILED, (error, now))

    def load(self, number: int) -> Row | None:
        """One that waits. None if there is none of that number, or none that can be read."""
        with self._using():
            found = self._one(schema.ONE, (LONGEST_BODY, number))
        return None if found is None else rows.read(found)

    def page(self, after: int) -> tuple[list[Row], list[int]]:
        """The next that wait, in the order in which they came, and the numbers of those that can't be read."""
        good, bad, size = [], [], 0
        with self._using():
            # One by one, so that a page of large bodies is not read as a whole.
            for values in self._db.execute(schema.PAGE, (LONGEST_BODY, after, _PAGE)):
                row = rows.read(values)
                if row is None:
                    bad.append(int(values[0]))
                    continue
                good.append(row)
                size += len(row.body)
                if size > _PAGE_BYTES:
                    break
        return good, bad

    def dead(self, after: int = 0, limit: int = _PAGE) -> list[Dead]:
        """The next dead letters."""
        with self._using():
            return [_dead(values) for values in self._db.execute(schema.DEAD, (LONGEST_BODY, after, limit)).fetchall()]

    def load_dead(self, number: int) -> Dead | None:
        """One dead letter."""
        with self._using():
            found = self._one(schema.ONE_DEAD, (LONGEST_BODY, number))
        return None if found is None else _dead(found)

    def oldest(self, limit: int, *, after: int = 0, dead: bool = False) -> list[tuple[int, int, Any]]:
        """The next that wait, or that are dead: number, bytes, and when they came."""
        with self._using():
            return self._db.execute(schema.OLDEST_DEAD if dead else schema.OLDEST, (after, limit)).fetchall()

    def find(self, event: str) -> int | None:
        """The number of the event of this id, or one that begins like this: of the first, whether it waits or is dead."""
        pattern = "".join(each for each in event if each.isalnum()) + "*"
        with self._using():
            found = self._one(schema.FIND, (pattern, pattern))
        return None if found is None else int(found[0])

    def size(self) -> tuple[int, int]:
        """How many wait or are dead, and the bytes of their bodies."""
        with self._using():
            _, _, waiting, dead, size, _, _ = self._one(schema.TOTALS) or (0,) * 7
        return waiting + dead, size

    def totals(self) -> Totals:
        """The account."""
        with self._using():
            found = self._one(schema.TOTALS)
            if found is None:
                raise StoreError("it has no account", damaged=True)
            dropped = dict(self._db.execute(schema.DROPPED).fetchall())
        stored, delivered, waiting, dead, size, error, failed = found
        return Totals(stored, delivered, waiting, dead, size, error, failed, dropped)

    def close(self) -> None:
        """Let go of the file. Never raises."""
        try:
            with self._using():
                self._db.close()
        except StoreError:
            return

    def _one(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._db.execute(statement, values).fetchone()


def sqlite() -> Any:
    """The module sqlite3. Its first import waits for a lock, and so is not for someone who holds the gate."""
    if not _imported:
        with first_import():
            import sqlite3
        _imported.append(sqlite3)
    return _imported[0]


_imported: list[Any] = []


def _connect(module: Any, path: str) -> sqlite3.Connection:
    db: sqlite3.Connection = module.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    # SQLite holds this function, and the function holds the connection, so only `close` frees it. Else a child would close
    # the copy that it has of its parent's, at its end, with whatever its locks were in the middle of.
    db.create_function("held", 0, lambda: repr(db))
    return db


def _dead(values: Sequence[Any]) -> Dead:
    *event, died, reason, detail = values
    return Dead(
        values[0], rows.read(event), died if type(died) is float else 0.0, str(reason)[:100], str(detail)[:1_000]
    )


def _is_damage(module: Any, error: BaseException) -> bool:
    # Of the errors of SQLite, those of the file are of the base class itself; a full disk, a lock, a closed file are not.
    return type(error) is module.DatabaseError
