"""A file under any order of operations and crashes, against a model of a few lines."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from raven.request import Request
from raven.spool import folder
from raven.spool.store import Store
from tests.spool.conftest import PROJECT

NUMBERS = st.integers(1, 8)


class Machine(RuleBasedStateMachine):
    """A crash is that the file is copied as it is, with what SQLite has beside it, and the copy opened."""

    def __init__(self) -> None:
        super().__init__()
        self.where = Path(folder.secured(tempfile.mkdtemp()))
        self.path = self.where / folder.new_name(PROJECT)
        folder.create(str(self.path))
        self.store = Store(str(self.path), new=True)
        self.next = 1
        self.waiting: dict[int, bytes] = {}
        self.dead: dict[int, bytes] = {}
        self.delivered = 0
        self.dropped: dict[str, int] = {}

    @rule(size=st.integers(0, 9_000))
    def put(self, size: int) -> None:
        self.waiting[self.next] = os.urandom(size)
        self.store.put(self.next, Request(f"{self.next:032x}", body=self.waiting[self.next]), 1.0)
        self.next += 1

    @rule(number=NUMBERS)
    def deliver(self, number: int) -> None:
        self.store.leave(number)
        self.delivered += self._gone(number)

    @rule(numbers=st.lists(NUMBERS, max_size=8), reason=st.sampled_from(["expired", "cache_overflow"]))
    def drop(self, numbers: list[int], reason: str) -> None:
        self.store.leave_all(numbers, reason)
        gone = sum(map(self._gone, numbers))
        if gone:
            self.dropped[reason] = self.dropped.get(reason, 0) + gone

    @rule(number=NUMBERS)
    def bury(self, number: int) -> None:
        self.store.bury(number, 2.0, "send_error", "400")
        if number in self.waiting:
            self.dead[number] = self.waiting.pop(number)

    @rule()
    def revive(self) -> None:
        self.store.revive()
        self.waiting |= self.dead
        self.dead.clear()

    @rule()
    def crash(self) -> None:
        path = self.where / folder.new_name(PROJECT)
        for suffix in ("", "-wal"):
            if os.path.exists(f"{self.path}{suffix}"):
                shutil.copyfile(f"{self.path}{suffix}", f"{path}{suffix}")
        self.store.close()
        self.path, self.store = path, Store(str(path))

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store(str(self.path))

    def _gone(self, number: int) -> bool:
        return self.waiting.pop(number, None) is not None or self.dead.pop(number, None) is not None

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        rows, bad = self.store.page(0)
        assert ({row.id: row.body for row in rows}, bad) == (dict(sorted(self.waiting.items())), [])
        letters: Any = {letter.id: letter.row and letter.row.body for letter in self.store.dead()}
        assert letters == self.dead
        totals = self.store.totals()
        assert totals.stored == self.next - 1
        assert totals.stored == totals.delivered + sum(totals.dropped.values()) + totals.dead + totals.waiting
        assert (totals.delivered, totals.dropped) == (self.delivered, self.dropped)
        assert totals.bytes == sum(map(len, (self.waiting | self.dead).values()))

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.where)


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, derandomize=True, deadline=None)
TestStore = Machine.TestCase
