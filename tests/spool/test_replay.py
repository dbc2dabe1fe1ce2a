"""One event after the other, at a pace that the server can bear."""

from __future__ import annotations

from collections import deque

import pytest

from raven.errors import CircuitOpen, Closed, RateLimited, SendError, TLSError
from raven.outcome import Outcome
from raven.request import Request, Response
from raven.runtimes import drive
from raven.spool.pace import Pace
from raven.spool.replay import Replay
from raven.spool.row import Row
from raven.spool.store import StoreError
from raven.spool.verdict import Verdict, asked_pause, verdict
from raven.testing import FakeRuntime


class Rows:
    """A source of rows that are only named."""

    def __init__(self, names: str) -> None:
        self.rows = deque(Row(at, f"{name:0<32}", "error", 1.0, {}, None, b"{}") for at, name in enumerate(names))
        self.aside: list[Row] = []
        self.done: list[str] = []
        self.notes: list[str] = []

    def delivered(self, row: Row) -> None:
        self.done.append(row.event[0])

    def bury(self, row: Row, outcome: Outcome) -> None:
        self.done.append(f"({row.event[0]})")

    def put_back(self, row: Row) -> None:
        self.rows.appendleft(row)

    def put_aside(self, row: Row) -> None:
        self.aside.append(row)

    def bring_back(self) -> None:
        self.rows.extendleft(reversed(self.aside))
        self.aside.clear()

    def note(self, error: str) -> None:
        self.notes.append(error)


def replayed(rows: Rows, answers: dict[str, int]) -> str:
    """What is tried, in its order, by a server that answers 200 but to some."""
    tried = ""
    replay = Replay(Pace(FakeRuntime().monotonic, 0.0))

    async def send(request: Request) -> Response:
        nonlocal tried
        tried += request.id[0]
        return Response(answers.get(request.id[0], 200))

    while rows.rows:
        drive(replay.deliver(rows, rows.rows.popleft(), send))
        if not rows.rows and rows.aside:
            rows.bring_back()
        if len(tried) > 50:
            break
    return tried


def test_they_go_in_their_order() -> None:
    rows = Rows("abc")
    assert replayed(rows, {}) == "abc"
    assert rows.done == ["a", "b", "c"]


def test_one_that_fails_while_others_succeed_is_buried_and_holds_nobody_up() -> None:
    rows = Rows("abcdef")
    assert replayed(rows, {"b": 503}) == "abcbdbef"
    assert rows.done == ["a", "c", "d", "(b)", "e", "f"]
    assert rows.notes == ["send_error: the server answered 503"] * 2


def test_no_outage_buries_any() -> None:
    rows = Rows("ab")
    replayed(rows, {"a": 503, "b": 502})
    assert rows.done == []


def test_a_file_that_fails_meanwhile_does_not_stop_it() -> None:
    class Broken(Rows):
        def delivered(self, row: Row) -> None:
            raise StoreError("disk I/O error")

        put_aside = delivered

    rows = Broken("ab")
    assert replayed(rows, {"a": 503}) == "ab"


def test_a_worker_that_is_told_to_stop_puts_its_event_back() -> None:
    rows = Rows("a")

    async def stop(request: Request) -> Response:
        raise GeneratorExit

    with pytest.raises(GeneratorExit):
        drive(Replay(Pace(FakeRuntime().monotonic, 0.0)).deliver(rows, rows.rows.popleft(), stop))
    assert len(rows.rows) == 1


def test_an_error_of_a_stage_is_the_events() -> None:
    rows = Rows("a")

    async def fail(request: Request) -> Response:
        raise ValueError("a bug")

    pace = Pace(FakeRuntime().monotonic, 0.0)
    assert drive(Replay(pace).deliver(rows, rows.rows.popleft(), fail)) is Verdict.DEAD


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (Response(200), Verdict.DELIVERED),
        (Response(204), Verdict.DELIVERED),
        (Response(429), Verdict.HELD),
        (Response(503), Verdict.HELD),
        (Response(500), Verdict.DEAD),
        (Response(301), Verdict.DEAD),
        (Response(403), Verdict.DEAD),
        (RateLimited("later", 5.0), Verdict.HELD),
        (TLSError("the certificate"), Verdict.HELD),
        (CircuitOpen("down"), Verdict.HELD),
        (SendError("no"), Verdict.DEAD),
        (Closed("the end"), Verdict.HELD),
        (KeyError("a bug"), Verdict.DEAD),
        (None, Verdict.DEAD),
    ],
    ids=repr,
)
def test_the_verdict(result: object, wanted: Verdict) -> None:
    assert verdict(result) is wanted


@pytest.mark.parametrize(
    ("result", "seconds"),
    [
        (Response(429), 60.0),
        (Response(429, {"retry-after": "7"}), 7.0),
        (Response(503, {"retry-after": "7"}), 7.0),
        (Response(503), 0.0),
        (Response(200, {"x-sentry-rate-limits": "9:error:key, 99:transaction:key"}), 9.0),
        (RateLimited("later", 5.0), 5.0),
        (SendError("no"), 0.0),
        (KeyError("a bug"), 0.0),
    ],
    ids=repr,
)
def test_what_the_server_asks_for(result: object, seconds: float) -> None:
    assert asked_pause(result, "error") == seconds


def test_the_pace() -> None:
    runtime = FakeRuntime()
    pace = Pace(runtime.monotonic, 2.0)
    assert pace.left() <= 0
    assert not pace.succeeded()
    assert pace.left() == 2.0
    longest = []
    for _ in range(10):
        runtime.advance(pace.left())
        pace.failed(0.0)
        longest.append(pace.left())
        pace.failed(0.0)  # the same failure
        assert pace.left() == longest[-1]
    assert 0.5 <= longest[0] <= 1.0
    assert 30.0 <= longest[-1] <= 60.0
    assert pace.succeeded()
    pace.failed(100.0)
    assert pace.left() == 100.0
    pace.failed(10.0)  # the longer one holds
    assert pace.left() == 100.0


def test_while_the_server_is_down_one_a_second_is_let_through() -> None:
    runtime = FakeRuntime()
    pace = Pace(runtime.monotonic, 0.1)
    pace.failed(5.0)
    assert [pace.lets_through() for _ in range(2)] == [
        True,
        True,
    ]  # it has answered: perhaps it takes what is of another category
    pace.failed(0.0, down=True)
    assert [pace.lets_through() for _ in range(3)] == [True, False, False]
    runtime.advance(1.0)
    assert [pace.lets_through() for _ in range(3)] == [True, False, False]
    pace.succeeded()
    assert [pace.lets_through() for _ in range(2)] == [True, True]


def test_who_is_in_a_hurry_waits_for_what_the_server_asks_only() -> None:
    runtime = FakeRuntime()
    pace = Pace(runtime.monotonic, 2.0)
    pace.succeeded()
    pace.hurry()
    assert pace.left() <= 0
    pace.succeeded()
    assert pace.left() <= 0
    pace.no_hurry()
    pace.failed(0.0)
    pace.hurry()
    assert pace.left() <= 0  # it is tried once at once
    pace.failed(0.0)
    assert pace.left() > 0
    pace.failed(50.0)
    pace.hurry()
    assert pace.left() == 50.0
