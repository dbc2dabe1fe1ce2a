"""The stack as a whole, under any order of faults, against a small model of what a server may see and a ledger must say.

`STEPS=1000 pytest tests/pipeline/test_stack_machine.py` takes that many examples of up to a hundred steps each.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from raven.errors import ConnectError, ConnectionLost, TLSError
from raven.pipeline import Breaker, Queue, RateLimit, Report, Retry, Stack, stage
from raven.request import Request, Response, Send
from raven.testing import FakeRuntime
from raven.testing.runtime import Task

from .helpers import DSN, CallSink, new_request

SIZE, WORKERS, THRESHOLD = 12, 3, 3
LIMIT = Response(200, {"x-sentry-rate-limits": "7:error:key, 60:transaction:key"})
ANSWERS: dict[str, Response | Exception] = {
    "up": Response(200),
    "limits": LIMIT,
    "429": Response(429, {"retry-after": "5"}),
    "413": Response(413),
    "poison": Response(500),
    "503": Response(503),
    "503 later": Response(503, {"retry-after": "2"}),
    "down": ConnectError("no"),
    "stale": ConnectionLost("idle", stale=True),
    "untrusted": TLSError("no"),
    "bug": ValueError("no"),
}

SECONDS = st.sampled_from([0.0, 0.0, 0.5, 3.0])


class Model:
    """What the server sees, and what follows from it."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self.runtime = runtime
        self.mode = "up"
        self.seconds = 0.0
        self.taken: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.failures = 0
        self.asking = 0
        self.limited_until = 0.0
        self.wrong: list[str] = []  # an assertion here would be one more fault of a stage

    async def admit(self, request: Request, send: Send) -> Response:
        """Stands below RateLimit."""
        if self.runtime.now < self.limited_until and request.category == "error":
            self.wrong.append("an event was sent that is limited")
        response = await send(request)
        seconds = {"limits": 7.0, "429": 5.0}.get(response.headers.get("mode", ""), 0.0)
        self.limited_until = max(self.limited_until, self.runtime.now + seconds)
        return response

    async def answer(self, request: Request) -> Response:
        is_open = self.failures >= THRESHOLD
        if is_open and self.asking:
            self.wrong.append("two ask at once whether the server is back")
        self.asking += is_open
        try:
            mode, seconds = self.mode, self.seconds
            if seconds:
                await self.runtime.sleep(seconds)
            given = ANSWERS[mode]
        finally:
            self.asking -= is_open
        if mode in ("503", "503 later", "down"):
            self.failures += 1
        elif isinstance(given, Response):
            self.failures = 0
        if isinstance(given, Exception):
            raise given
        if given.delivered:
            (self.told if request.category == "client_report" else self.taken)[request.id] += 1
        return Response(given.status, {**given.headers, "mode": mode})


class Machine(RuleBasedStateMachine):
    """Sends, time, faults, flushes, and a close in the end."""

    def __init__(self) -> None:
        super().__init__()
        self.runtime = FakeRuntime()
        self.model = model = Model(self.runtime)
        self.sent = 0
        self.flushing: list[Task] = []

        @stage
        async def witness(request: Request, send: Send) -> Response:
            return await model.admit(request, send)

        @stage
        async def server(request: Request, send: Send) -> Response:
            return await model.answer(request)

        self.bound = Stack(
            Queue(queue_size=SIZE, workers=WORKERS, overflow="oldest"),
            Report(report_interval=3.0),
            RateLimit(),
            witness,
            Retry(total_timeout=20.0),
            Breaker(breaker_failures=THRESHOLD, longest_outage=40.0),
            server,
            sink=CallSink(call=lambda request: Response(200)),
        ).bind(DSN, runtime=self.runtime)

    @rule(mode=st.sampled_from([*sorted(ANSWERS), "down", "503", "limits", "up"]), seconds=SECONDS, busy=st.booleans())
    def the_server_changes(self, mode: str, seconds: float, busy: bool) -> None:
        self.model.mode, self.model.seconds = mode, seconds
        if busy:
            self.events_come(4)
            self.runtime.advance(8.0)

    @rule(count=st.integers(1, 5))
    def events_come(self, count: int) -> None:
        for _ in range(count):
            self.bound.send(new_request("{}"))
            self.sent += 1

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 6.0, 50.0]))
    def time_passes(self, seconds: float) -> None:
        self.runtime.advance(seconds)

    @rule(seconds=st.sampled_from([0.0, 1.0, 30.0]))
    def someone_flushes(self, seconds: float) -> None:
        self.flushing.append(self.runtime.start(self.bound._life().flush(seconds)))

    @invariant()
    def the_account_is_right(self) -> None:
        assert not self.model.wrong
        stats = self.bound.stats()
        queue: Any = self.bound._life()._holding[0]
        assert stats.accepted == self.sent == stats.delivered + stats.pending + sum(stats.dropped.values())
        assert stats.pending == queue.pending() <= SIZE
        assert stats.delivered == len(self.model.taken)
        assert set(self.model.taken.values()) <= {1}, "an event that the server has was sent again"
        assert set(stats.dropped) <= {
            "queue_overflow", "ratelimit_backoff", "rate_limited", "send_error", "network_error", "internal_sdk_error"
        }  # fmt: skip

    @invariant()
    def nobody_is_lost(self) -> None:
        for task in self.runtime.tasks:
            assert task.error is None
        queue: Any = self.bound._life()._holding[0]
        assert len(queue._crew._vacancies) <= WORKERS
        assert not self.model.asking or self.model.asking == 1

    def teardown(self) -> None:
        self.model.mode, self.model.seconds = "up", 0.0
        self.runtime.advance(400.0)
        assert self.bound.stats().pending == 0
        self.bound.send(new_request("{}"))
        self.sent += 1
        self.runtime.advance(1.0)
        self.the_account_is_right()
        queue: Any = self.bound._life()._holding[0]
        assert len(queue._seats) == SIZE
        assert all(task.done and task.error is None for task in self.flushing)
        self.bound.close()
        self.runtime.advance(100.0)
        assert not self.runtime.tasks


TestMachine: Any = Machine.TestCase
TestMachine.settings = settings(
    derandomize="STEPS" not in os.environ,
    deadline=None,
    max_examples=int(os.environ.get("STEPS", "100")),
    stateful_step_count=100 if "STEPS" in os.environ else 40,
)
