"""The queue under any order of events: what is sent is settled once, whoever works, stops, helps or closes."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from raven.errors import ConnectError
from raven.pipeline import Queue
from raven.request import Request, Response
from raven.testing import FakeRuntime

from .helpers import Line

WORKERS = 2
SIZE = 5


class Machine(RuleBasedStateMachine):
    """A loop that runs, stops, goes on and is closed; one who helps; callers that flush; handlers that interrupt them."""

    def __init__(self) -> None:
        super().__init__()
        self.helper = FakeRuntime()
        self.runtime = FakeRuntime(helper=self.helper)
        self.here = False
        self.within: list[str] = []
        self.names = 0
        self.calm = True
        self.line = Line(
            Queue(workers=WORKERS, queue_size=SIZE, worker_idle=3.0),
            runtime=self.runtime,
            send=self.by_a_worker,
            twin=lambda: self.by_the_twin,
        )
        self.bound = self.line.bound

    async def by_a_worker(self, request: Request) -> Response:
        await self.runtime.sleep(1.0)
        return Response(200)

    async def by_the_twin(self, request: Request) -> Response:
        while self.within:  # a handler interrupts whoever delivers
            self.interrupt(self.within.pop())
        if not self.here:
            await self.helper.sleep(1.0)
        return Response(200)

    def interrupt(self, what: str) -> None:
        if what == "send":
            self.send()
        elif what == "flush":
            self.bound.flush_here(self.runtime.now)
        elif what == "stop":
            self.runtime.runs = self.runtime.spawns = False
        elif what == "run":
            self.runtime.runs = self.runtime.spawns = True
        elif what == "Ctrl-C":
            raise KeyboardInterrupt
        elif what == "failure":
            raise ConnectError("no")

    def flush_here(self, seconds: float) -> None:
        self.here = True
        try:
            self.bound.flush_here(self.runtime.now + seconds)
        except KeyboardInterrupt:
            pass
        finally:
            self.here = False

    @rule()
    def send(self) -> None:
        self.names += 1
        self.line.put(str(self.names))

    @precondition(lambda self: self.runtime.runs)
    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 5.0]))
    def the_loop_goes_on(self, seconds: float) -> None:
        self.runtime.advance(seconds)

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 5.0]))
    def who_helps_goes_on(self, seconds: float) -> None:
        self.helper.advance(seconds)

    @rule(runs=st.booleans())
    def the_loop_stops_or_runs(self, runs: bool) -> None:
        self.runtime.runs = self.runtime.spawns = runs

    @rule(spawns=st.booleans())
    def no_thread_can_be_had(self, spawns: bool) -> None:
        self.helper.spawns = spawns

    @rule()
    def the_loop_is_told_to_take_no_more(self) -> None:
        """It runs, and ends before it could take another."""
        self.runtime.spawns = False

    @rule(at=st.integers(0, WORKERS - 1))
    def a_worker_is_cancelled(self, at: int) -> None:
        """Before it has begun, while it is idle, or while it delivers."""
        if at < len(self.runtime.tasks):
            task = self.runtime.tasks.pop(at)
            task.coroutine.close()

    @rule(whats=st.lists(st.sampled_from(["send", "flush", "stop", "run", "Ctrl-C", "failure"]), max_size=3))
    def a_handler_will_interrupt(self, whats: list[str]) -> None:
        self.within = whats

    @precondition(lambda self: not self.helper.tasks)
    @rule(seconds=st.sampled_from([0.0, 1.0]))
    def a_caller_flushes(self, seconds: float) -> None:
        self.flush_here(seconds)

    @precondition(lambda self: self.helper.tasks)
    @rule()
    def a_caller_flushes_who_has_no_time(self) -> None:
        self.flush_here(0.0)

    @rule(dice=st.integers(0, 7))
    def close(self, dice: int) -> None:
        if dice == 0:
            self.bound.close()

    @invariant()
    def one_helps_at_most(self) -> None:
        assert len(self.helper.tasks) + len(self.bound._helper) == 1

    @invariant()
    def no_vacancy_is_lost(self) -> None:
        assert len(self.runtime.tasks) + len(self.bound._crew._vacancies) == WORKERS

    @invariant()
    def the_account_is_right(self) -> None:
        stats = self.line.context.ledger.stats()
        assert stats.accepted == stats.delivered + stats.pending + sum(stats.dropped.values()) == self.names
        assert stats.pending == self.bound.pending() == SIZE - len(self.bound._seats)
        assert not (self.bound._closed and stats.pending)

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        """What waits is somebody's, unless nobody could be had when it came. Then it is the next send's."""
        if not (self.runtime.runs and self.runtime.spawns and self.helper.spawns):
            self.calm = False
        if self.calm and self.bound._waiting and not self.bound._closed:
            assert self.runtime.tasks or self.helper.tasks

    def teardown(self) -> None:
        self.within.clear()
        self.runtime.runs = self.runtime.spawns = self.helper.spawns = True
        closed = self.bound._closed
        self.send()
        for _ in range(3):
            self.runtime.advance(20.0)
            self.helper.advance(20.0)
        stats = self.line.context.ledger.stats()
        assert stats.pending == 0
        assert set(stats.dropped) <= {"queue_overflow", "shutdown", "internal_sdk_error", "network_error"}
        assert closed or "shutdown" not in stats.dropped
        assert (len(self.bound._crew._vacancies), len(self.bound._helper)) == (WORKERS, 1)
        assert not self.runtime.tasks
        assert not self.bound._flushing
        assert not self.bound._crew._idle


TestMachine: Any = Machine.TestCase
TestMachine.settings = settings(derandomize=True, deadline=None, max_examples=150, stateful_step_count=30)
