"""The account of every event: accepted = delivered + dropped by reason + pending, at every instant."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType

from .frozen import Frozen, made_by
from .outcome import NO_FAILURES, Outcome
from .request import Request

Observer = Callable[[Request, Outcome], None]
_Counts = tuple[int, int, int, Mapping[str, int]]
"""The fields of `Stats`. A plain tuple, because it is made anew for each move, and costs a tenth of that."""


class Stats(Frozen):
    """A ledger's counts at one instant. `pending` is counted, not computed from the others. "spooled" in `dropped` are
    those that were left on disk at the end: this process is done with them.
    """

    accepted: int = 0
    delivered: int = 0
    pending: int = 0
    dropped: Mapping[str, int] = made_by(lambda: MappingProxyType({}))

    @property
    def failed(self) -> int:
        """How many were dropped that nobody had asked to drop."""
        return sum(count for reason, count in self.dropped.items() if reason not in NO_FAILURES)

    def __repr__(self) -> str:
        counts = f"accepted={self.accepted}, delivered={self.delivered}, pending={self.pending}"
        return f"Stats({counts}, dropped={dict(self.dropped)})"  # zeros too: it is an account


class Ledger:
    """Counts what happens to events, exactly, from any thread.

    Each change is one move, and `stats()` is always the state between two moves. The state is an immutable value that is
    replaced as a whole, so a signal handler or a `__del__` that comes in the middle of a move sees the state before it;
    the moves that it makes itself are kept and carried out by the one it interrupted. That is why there can be no
    deadlock and no lost count, whatever interrupts what.
    """

    def __init__(self, observers: tuple[Observer, ...] = ()) -> None:
        self._state: tuple[_Counts, _Move | None] = ((0, 0, 0, MappingProxyType({})), None)
        self._moves: deque[_Move] = deque()
        self._lock = threading.RLock()
        self._moving = False
        self._observers = observers

    def observe(self, observer: Observer) -> None:
        """Call `observer(request, outcome)` for each event that is settled, in the thread that settles it."""
        self._observers += (observer,)

    def accept(self) -> None:
        """Count an event in. It must be settled exactly once. If this raises RecursionError, it has not counted."""
        self._moves.append(_Move(None))
        try:
            self._carry_out()
        except RecursionError:  # whoever comes next carries it out
            pass

    def settle(self, request: Request, outcome: Outcome) -> None:
        """Count an event out, as delivered or dropped, if it or a copy of it is not out already.

        Never raises because of an observer. If this raises RecursionError, it has not counted.
        """
        move = _Move(outcome)
        if not request.fate.close():
            return
        self._moves.append(move)
        try:
            self._carry_out()
        except RecursionError:  # as above
            pass
        for observer in self._observers:
            try:
                observer(request, outcome)
            except Exception:  # an observer's fault is not the event's, nor the other observers', and whom to tell?
                pass

    def stats(self) -> Stats:
        """The counts now."""
        self._carry_out()
        return Stats(*self._state[0])

    def _carry_out(self) -> None:
        with self._lock:
            if self._moving:  # we interrupted ourselves: the outer call goes on with our move
                return
            self._moving = True
            try:
                while self._moves:
                    move = self._moves[0]
                    counts, last = self._state
                    # A Ctrl-C can stop us between the next two steps; then the move is done but still in line.
                    if move is not last:
                        self._state = (_after(counts, move.outcome), move)
                    self._moves.popleft()
            finally:
                self._moving = False


class _Move:
    """An event comes in (None) or goes out. An object of its own each time, so that it can't be carried out twice."""

    __slots__ = ("outcome",)

    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome


def _after(counts: _Counts, outcome: Outcome | None) -> _Counts:
    accepted, delivered, pending, dropped = counts
    if outcome is None:
        return accepted + 1, delivered, pending + 1, dropped
    if outcome.reason is None:
        return accepted, delivered + 1, pending - 1, dropped
    more = {**dropped, outcome.reason: dropped.get(outcome.reason, 0) + 1}
    return accepted, delivered, pending - 1, MappingProxyType(more)
