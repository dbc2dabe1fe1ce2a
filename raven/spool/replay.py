"""Try to deliver events that are at rest, one after the other."""

from __future__ import annotations

from typing import Protocol

from ..outcome import Outcome, outcome_of
from ..own_log import not_capturing_lines
from ..request import Send
from .pace import Pace
from .row import Row
from .store import StoreError
from .verdict import Verdict, asked_pause, is_down, verdict

_TRIES = 3


class Source(Protocol):
    """A file, for whoever replays what is in it."""

    def delivered(self, row: Row) -> None: ...
    def bury(self, row: Row, outcome: Outcome) -> None: ...
    def put_back(self, row: Row) -> None: ...
    def put_aside(self, row: Row) -> None: ...
    def bring_back(self) -> None: ...
    def note(self, error: str) -> None: ...


class Replay:
    """Delivers rows. A file's events go in their order, but one that fails lets others go first, until one of them
    succeeds: it may be the event, and not the server. One that fails three times while others succeed is buried.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._succeeded = 0
        self._failed: dict[str, tuple[int, int]] = {}

    async def deliver(self, source: Source, row: Row, send: Send, deadline: float | None = None) -> Verdict:
        """Try one. Raises nothing but what tells the worker to stop."""
        request = row.request()
        request.deadline = request.latest = deadline
        result: object
        try:
            with not_capturing_lines():
                result = await send(request)
        except Exception as error:
            result = error
        except BaseException:
            source.put_back(row)
            raise
        try:
            return self._judge(source, row, result)
        finally:
            del result  # an error would hold itself, by its traceback

    def _judge(self, source: Source, row: Row, result: object) -> Verdict:
        found = verdict(result)
        outcome = outcome_of(result)
        try:
            if found is Verdict.DELIVERED:
                source.delivered(row)
            elif found is Verdict.DEAD or self._is_poison(row):
                source.bury(row, outcome)
                found = Verdict.DEAD
            else:
                source.put_aside(row)
                source.note(f"{outcome.reason}: {outcome.detail}")
        except StoreError:
            pass  # the next that is taken from it finds out
        if found is Verdict.HELD:
            self._pace.failed(asked_pause(result, row.category), down=is_down(result))
        else:
            self._succeeded += 1
            self._failed.pop(row.event, None)
            self._pace.succeeded()
            source.bring_back()
        return found

    def _is_poison(self, row: Row) -> bool:
        count, succeeded = self._failed.get(row.event, (0, -1))
        if succeeded != self._succeeded:
            count += 1
        self._failed[row.event] = count, self._succeeded
        return count >= _TRIES
