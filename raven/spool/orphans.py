"""The files of processes that are gone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator

from ..errors import ConfigurationError
from ..outcome import Outcome
from ..own_log import Sparingly
from . import files, folder
from .bounds import Bounds
from .files import OwnedFile
from .lock import holder
from .row import Row
from .store import StoreError


class Orphan:
    """An adopted file: a source of events to replay, in the order in which they came."""

    def __init__(self, file: OwnedFile, bounds: Bounds, clock: Callable[[], float]) -> None:
        self.file = file
        self.store = file.store
        self._bounds = bounds
        self._clock = clock
        self._rows: deque[Row] = deque()
        self._aside: deque[Row] = deque()
        self._after = 0
        self._in_hand: set[int] = set()

    @property
    def is_busy(self) -> bool:
        """Whether somebody has taken an event, and has not said yet what came of it."""
        return bool(self._in_hand)

    def take(self) -> Row | None:
        """The next event, None if there are no more. Raises `StoreError`."""
        while True:
            if not self._rows:
                self._fill()
            if not self._rows:
                return None
            row = self._rows.popleft()
            if not self._bounds.is_expired(row.stored, self._clock()):
                self._in_hand.add(row.id)
                return row
            self.store.leave(row.id, "expired")

    def _fill(self) -> None:
        good, bad = self.store.page(self._after)
        while bad and not good:
            self.store.leave_all(bad, "invalid")
            self._after = bad[-1]
            good, bad = self.store.page(self._after)
        if bad:
            self.store.leave_all(bad, "invalid")
        if good:
            self._after = max(good[-1].id, *bad, 0)
            self._rows.extend(good)
        else:
            self.bring_back()

    def delivered(self, row: Row) -> None:
        try:
            self.store.leave(row.id)
        finally:
            self._in_hand.discard(row.id)  # only now: then the file may be let go

    def bury(self, row: Row, outcome: Outcome) -> None:
        try:
            self.store.bury(row.id, self._clock(), outcome.reason or "", outcome.detail)
        finally:
            self._in_hand.discard(row.id)

    def put_back(self, row: Row) -> None:
        """It was not tried."""
        self._rows.appendleft(row)
        self._in_hand.discard(row.id)

    def put_aside(self, row: Row) -> None:
        """It failed: others first, until one of them succeeds."""
        self._aside.append(row)
        self._in_hand.discard(row.id)

    def bring_back(self) -> None:
        """Those that were put aside are next."""
        while self._aside:
            self._rows.appendleft(self._aside.pop())

    def note(self, error: str) -> None:
        self.store.note(error, self._clock())


class Orphans:
    """All of a project's files in a folder that nobody else has. `mine` tells which one is no orphan."""

    def __init__(
        self,
        where: str,
        project: str,
        bounds: Bounds,
        clock: Callable[[], float],
        log: Sparingly,
        mine: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._where = where
        self._project = project
        self._bounds = bounds
        self._clock = clock
        self._log = log
        self._mine = mine
        self._adopted: deque[Orphan] = deque()

    def __iter__(self) -> Iterator[Orphan]:
        return iter(tuple(self._adopted))

    def look(self) -> bool:
        """Adopt what has no owner. Whether there are files of others, which may be left behind one day. Never raises."""
        others = False
        try:
            found = os.listdir(self._where)
        except OSError:
            return False
        known = self._known()
        for name in sorted({each.removesuffix(folder.LOCK) for each in found}):
            if folder.project_of(name) == self._project:
                path = os.path.join(self._where, name)
                owner = holder(path)
                if owner is None:
                    others = not self._adopt(path) or others
                elif owner == os.getpid():  # else it was a parent's, and is not for us
                    others = path not in known or others
        self._trim()
        return others

    def _known(self) -> set[str | None]:
        return {self._mine(), *(orphan.store.path for orphan in self._adopted)}

    def _adopt(self, path: str) -> bool:
        """Whether it need not be looked at again."""
        parts = (path, path + folder.LOCK, *(path + suffix for suffix in folder.COMPANIONS))
        if not all(map(folder.is_safe, parts)):
            self._log.warn("unsafe", "a file of the spool is a link, or belongs to another user: it is left alone")
            return True
        try:
            file = files.adopt(path, self._log)
        except (OSError, StoreError, ConfigurationError) as error:
            self._log.warn("adopt", "a file of the spool can't be had (%s)", type(error).__name__)
            return False
        if file is None:
            return not os.path.lexists(path)
        self._adopted.append(Orphan(file, self._bounds, self._clock))
        return True

    def _trim(self) -> None:
        """All orphans together are bounded as one file is."""
        try:
            sizes = [(orphan, *orphan.store.size()) for orphan in self._adopted]
            events, size = self._bounds.surplus(sum(each[1] for each in sizes), sum(each[2] for each in sizes))
            for orphan, *_ in sizes:
                for dead in (True, False):
                    events, size = drop_oldest(orphan.file, events, size, dead=dead)
        except StoreError as error:
            self._log.warn("bounds", "the files of the spool can't be kept within their bounds (%s)", error)

    def take(self, *, in_order: bool = False) -> tuple[Orphan, Row] | None:
        """The next event of the first file that has one; `in_order`: of which somebody has none in hand. Files without
        are let go. Never raises.
        """
        for orphan in tuple(self._adopted):
            if in_order and orphan.is_busy:
                continue
            damaged = False
            try:
                row = orphan.take()
            except StoreError as error:
                self._log.warn("orphan", "a file of the spool can't be read (%s)", error)
                row, damaged = None, error.damaged
            if row is not None:
                return orphan, row
            if not orphan.is_busy:
                self._adopted.remove(orphan)
                if damaged:
                    self._rescue(orphan.file)
                    return self.take(in_order=in_order)
                orphan.file.let_go()
        return None

    def _rescue(self, file: OwnedFile) -> None:
        try:
            rescued = files.rescued(file, self._log)
        except (OSError, StoreError, ConfigurationError) as error:
            self._log.warn("adopt", "a file of the spool can't be had (%s)", type(error).__name__)
        else:
            self._adopted.append(Orphan(rescued, self._bounds, self._clock))

    def release(self) -> None:
        """Let go of all."""
        while self._adopted:
            self._adopted.popleft().file.let_go()


def drop_oldest(
    file: OwnedFile, events: int, size: int, *, dead: bool, dropped: Callable[[int], None] = lambda number: None
) -> tuple[int, int]:
    """Drop the oldest of a file until so many events and bytes less are in it. What is still too many is returned."""
    after = 0
    while events > 0 or size > 0:
        page = file.store.oldest(100, after=after, dead=dead)
        if not page:
            break
        going = []
        for number, length, _ in page:
            if events <= 0 and size <= 0:
                break
            going.append(number)
            events, size = events - 1, size - length
        file.store.leave_all(going, "cache_overflow")
        for number in going:
            dropped(number)
        after = going[-1]
    return events, size
