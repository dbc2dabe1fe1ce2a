"""This process's own file: where a transport puts each event before it is sent."""

from __future__ import annotations

import heapq
import os
import weakref
from collections import deque
from collections.abc import Callable

from ..errors import ConfigurationError
from ..outcome import DELIVERED, Outcome
from ..own_log import Sparingly
from ..request import Request
from . import files
from .bounds import Bounds
from .files import OwnedFile
from .gate import gate
from .orphans import drop_oldest
from .row import Row
from .salvage import readable
from .store import StoreError, sqlite

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_BETWEEN_NOTES = 1.0
_LOOK_AFTER = 100
"""Events after which it is looked up how much is in the file. What threads count at the same moment may count as one."""

Settle = Callable[[int, Outcome], None]


class Own:
    """Takes events while the disk allows it, and is a source of those that are to be replayed.

    The file is made when the first event comes. After a failure of the disk it is left alone for a while, and what comes
    then is not kept. If it is damaged or was removed, there will be a new one, to which `rescue` brings what was in it.
    `settle` is called for an event that ends here: for one that is dropped, and for one that was replayed.
    """

    def __init__(
        self,
        where: str,
        project: str,
        bounds: Bounds,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        log: Sparingly,
        settle: Settle,
        *,
        durable: bool,
    ) -> None:
        self._where = where
        self._project = project
        self._bounds = bounds
        self._clock = clock
        self._monotonic = monotonic
        self._log = log
        self._settle = settle
        self._durable = durable
        self._file: OwnedFile | None = None
        self._opening = False
        self._pause = 0.0
        self._again = 0.0
        self._lost: deque[OwnedFile] = deque()
        self._waiting: list[int] = []
        self._aside: list[int] = []
        self._gone: deque[int] = deque()
        self._next_note = 0.0
        self._events_left = 0
        self._bytes_left = 0
        sqlite()  # not while the file is made, within the gate

    @property
    def path(self) -> str | None:
        """Where the file is, if there is one."""
        file = self._file
        return None if file is None else file.store.path

    def put(self, number: int, request: Request) -> bool:
        """Store it. False if that can't be done: then it is in memory only. Never raises."""
        size = len(request.body or b"")
        if size > self._bounds.bytes:
            return False
        file = self._open()
        if file is None:
            return False
        try:
            file.store.put(number, request, self._clock())
        except StoreError as error:
            self._failed(file, error)
            return False
        self._pause = 0.0
        if self._gone:
            self._tell(file)
        self._keep_bounds(file, size)
        return True

    def park(self, number: int) -> None:
        """Nobody is delivering it now, so it is to be replayed."""
        heapq.heappush(self._waiting, number)  # one step: no other thread comes between

    def has_work(self) -> bool:
        return bool(self._waiting or self._aside or self._lost)

    def take(self) -> Row | None:
        """The next event to replay. Never raises; None also if the disk doesn't allow it now."""
        while True:
            if not self._waiting:
                self.bring_back()
            try:
                number = heapq.heappop(self._waiting)
            except IndexError:
                return None
            file = self._file
            if file is None:  # it was lost, and there is no new one yet
                self.park(number)
                return None
            try:
                row = file.store.load(number)
                if row is not None and not self._bounds.is_expired(row.stored, self._clock()):
                    return row
                self._drop(file, number, "expired" if row is not None else "invalid")
            except StoreError as error:
                self.park(number)
                self._failed(file, error)
                return None

    def _drop(self, file: OwnedFile, number: int, reason: str) -> None:
        file.store.leave(number, reason)
        self._settle(number, Outcome(reason, f"it was dropped from the spool as {reason}"))

    def gone(self, number: int) -> None:
        """It was delivered. If the disk doesn't take that now, it is told later."""
        self._gone.append(number)
        file = self._file
        # While a lost file is rescued, it may bring this one.
        if file is not None and not self._lost and self._monotonic() >= self._again:
            self._tell(file)

    def _tell(self, file: OwnedFile) -> None:
        numbers = []
        while self._gone:
            try:
                numbers.append(self._gone.popleft())
            except IndexError:  # another thread tells it
                break
        try:
            if len(numbers) == 1:
                file.store.leave(numbers[0])
            elif numbers:
                file.store.leave_all(numbers)
        except StoreError as error:
            self._gone.extend(numbers)
            self._failed(file, error)

    def dead(self, number: int, outcome: Outcome) -> None:
        """It will never be delivered: put it where it can be read."""
        file = self._file
        if file is not None:
            try:
                file.store.bury(number, self._clock(), outcome.reason or "", outcome.detail)
            except StoreError as error:
                self._failed(file, error)

    def delivered(self, row: Row) -> None:
        self.gone(row.id)
        self._settle(row.id, DELIVERED)

    def bury(self, row: Row, outcome: Outcome) -> None:
        self.dead(row.id, outcome)
        self._settle(row.id, outcome)

    def put_back(self, row: Row) -> None:
        self.park(row.id)

    def put_aside(self, row: Row) -> None:
        self._aside.append(row.id)

    def bring_back(self) -> None:
        while self._aside:
            self.park(self._aside.pop())

    def note(self, error: str) -> None:
        """Remember a failure, of those of a second the first."""
        file, now = self._file, self._monotonic()
        if file is not None and now >= self._next_note:
            self._next_note = now + _BETWEEN_NOTES
            try:
                file.store.note(error, self._clock())
            except StoreError as failure:
                self._failed(file, failure)

    def rescue(self) -> None:
        """Bring what was in a file that is lost to the new one, as far as it can be read. Never raises."""
        while self._lost:
            lost, file = self._lost[0], self._open()
            if file is None:
                return
            try:
                self._rescue(lost, file)
            except (OSError, StoreError) as error:
                self._log.warn("rescue", "not all could be saved from a lost file of the spool (%s)", error)
            self._lost.popleft()
            self._events_left = 0
            self._tell(file)

    def _rescue(self, lost: OwnedFile, file: OwnedFile) -> None:
        if lost.store.is_in_place():
            aside = lost.set_aside()
            for row in readable(aside) if aside is not None else ():
                file.store.copy(row)
            return
        after = 0
        while rows := lost.store.page(after)[0]:  # what was removed is still there for who has it open
            for row in rows:
                file.store.copy(row)
            after = rows[-1].id
        lost.let_go(remove=True)

    def let_go(self) -> None:
        """Close the file; remove it if nothing is left in it. The next event makes a new one."""
        file, self._file = self._file, None
        if file is not None:
            self._tell(file)
            file.let_go()
        while self._lost:
            self._lost.popleft().let_go()

    def _open(self) -> OwnedFile | None:
        file = self._file
        if file is not None and file.store.is_in_place():
            return file if self._monotonic() >= self._again else None
        if self._monotonic() < self._again:
            return None
        with gate():
            if self._opening or self._file is not file:  # a signal handler has interrupted us, or a thread was quicker
                return None if self._opening else self._file
            self._opening = True
            try:
                if file is not None:
                    self._lose(file)
                made = files.make(self._where, self._project, durable=self._durable)
                weakref.finalize(self, _let_go, made, os.getpid()).atexit = False
                self._file = made
            except (OSError, StoreError, ConfigurationError) as error:
                self._wait(error)
            finally:
                self._opening = False
        return self._file

    def _lose(self, file: OwnedFile) -> None:
        self._file = None
        self._lost.append(file)
        self._log.warn("lost", "the file of the spool is damaged or was removed; there will be a new one")

    def _failed(self, file: OwnedFile, error: StoreError) -> None:
        if error.damaged and self._file is file:
            self._lose(file)
        elif not error.damaged:
            self._wait(error)

    def _wait(self, error: Exception) -> None:
        if self._monotonic() < self._again:  # others have failed for the same reason
            return
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        self._again = self._monotonic() + self._pause
        self._log.warn("disk", "events are kept in memory only, because the spool can't be written (%s)", error)

    def _keep_bounds(self, file: OwnedFile, size: int) -> None:
        self._events_left -= 1
        self._bytes_left -= size
        if self._events_left >= 0 and self._bytes_left >= 0:
            return
        try:
            surplus = self._bounds.surplus(*file.store.size())
            self._events_left, self._bytes_left = min(-surplus[0], _LOOK_AFTER), -surplus[1]
            for dead in (True, False):
                surplus = drop_oldest(
                    file, *surplus, dead=dead, dropped=self._overflown if dead else self._oldest_overflown
                )
        except StoreError as error:
            self._failed(file, error)

    def _oldest_overflown(self, number: int) -> None:
        try:
            while self._waiting[0] <= number:  # older ones aren't on disk either
                oldest = heapq.heappop(self._waiting)
                if oldest > number:  # another thread was quicker
                    self.park(oldest)
                    break
        except IndexError:
            pass
        self._overflown(number)

    def _overflown(self, number: int) -> None:
        self._settle(number, Outcome("cache_overflow", "the spool is full, and this was the oldest event in it"))


def _let_go(file: OwnedFile, process: int) -> None:
    if process == os.getpid():
        file.let_go()
