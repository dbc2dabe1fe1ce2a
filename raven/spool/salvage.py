"""Get out of a damaged file what can be read, and put the file where nobody takes it for a good one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ..first_import import first_import
from . import folder, row, schema
from .gate import gate
from .row import LONGEST_BODY, Row

_KEPT = 3
"""Damaged files that stay in a folder; of more, the oldest go."""
_FURTHEST = 2**40
_PROBES = 1_000


def set_aside(path: str) -> str:
    """Rename a file that is damaged, with what SQLite has beside it. Returns its new path. Raises OSError."""
    aside = path + folder.DAMAGED
    for suffix in folder.COMPANIONS:
        if os.path.lexists(path + suffix):
            os.replace(path + suffix, aside + suffix)
    os.replace(path, aside)
    _remove_older(os.path.dirname(path))
    return aside


def damaged(where: str) -> list[str]:
    """The names of the damaged files in a folder."""
    return sorted(name for name in os.listdir(where) if name.endswith(folder.SUFFIX + folder.DAMAGED))


def _remove_older(where: str) -> None:
    paths = [os.path.join(where, name) for name in damaged(where)]
    for path in sorted(paths, key=lambda each: os.lstat(each).st_mtime)[:-_KEPT]:
        folder.remove(path)


def readable(path: str) -> Iterator[Row]:
    """The waiting events of a damaged file, as far as they can be read. Never raises."""
    with first_import():
        import sqlite3

    errors = (sqlite3.Error, OSError, SystemError, OverflowError, UnicodeError)
    try:
        with gate():
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except errors:
        return
    reader = _Reader(db, errors)
    try:
        yield from reader.rows()
    finally:
        try:
            with gate():
                db.close()
        except errors:
            pass


class _Reader:
    def __init__(self, db: Any, errors: tuple[type[Exception], ...]) -> None:
        self._db = db
        self._errors = errors

    def rows(self) -> Iterator[Row]:
        after = 0
        while True:
            found = self._get(schema.PAGE, after, 1)
            if found is _UNREADABLE:
                further = self._beyond(after)
                if further is None:
                    yield from self._probe(after, after + _PROBES)
                    return
                yield from self._probe(after, further)
                after = further
            elif found is None:
                return
            else:
                number = found[0]
                if type(number) is not int or number <= after:
                    return
                after = number
                good = row.read(found)
                if good is not None:
                    yield good

    def _beyond(self, after: int) -> int | None:
        """Where the file can be read again. None if nowhere."""
        step = 1
        while after + step < _FURTHEST:
            if self._get(schema.PAGE, after + step, 1) is not _UNREADABLE:
                return after + step
            step *= 2
        return None

    def _probe(self, after: int, last: int) -> Iterator[Row]:
        for number in range(after + 1, min(last, after + _PROBES) + 1):
            found = self._get(schema.ONE, number)
            good = row.read(found) if isinstance(found, tuple) else None
            if good is not None:
                yield good

    def _get(self, statement: str, *values: int) -> Any:
        try:
            with gate():
                return self._db.execute(statement, (LONGEST_BODY, *values)).fetchone()
        except self._errors:
            return _UNREADABLE


_UNREADABLE = object()
