"""Reports: what was dropped is told once, exactly, and again if nobody has heard it."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime
from typing import Any
from weakref import WeakSet

import pytest

from raven import at_exit
from raven.errors import ConnectError, InvalidStack, RateLimited, Unserializable
from raven.outcome import Outcome
from raven.pipeline import Envelope, Queue, Report, Serialize, Stack, Store
from raven.pipeline.report import REPORTED
from raven.request import Request
from raven.testing import FakeRuntime, MemorySink, ScriptedSink, StageDriver
from raven.testing.scripted import Answer

from .helpers import DSN, counted, new_request


class Reporter(StageDriver):
    """A report over a sink, and the drops that there are to tell of."""

    def __init__(self, *answers: Answer, **options: Any) -> None:
        super().__init__(Report(**options), answers or [200])

    def drop(self, *reasons: str) -> None:
        for reason in reasons:
            self.context.ledger.accept()
            self.context.ledger.settle(new_request(), Outcome(reason))

    def report(self, seconds: float = 10.0) -> None:
        self.runtime.run(lambda: self.bound.report(self.runtime.now + seconds))

    @property
    def told(self) -> list[dict[str, int]]:
        """What each report had in it."""
        return [told_by(request) for request in self.received if request.category == "client_report"]


def told_by(request: Request) -> dict[str, int]:
    body = json.loads(request.body or b"")
    assert {each["category"] for each in body["discarded_events"]} == {"error"}
    assert datetime.fromisoformat(body["timestamp"].replace("Z", "+00:00")).utcoffset() is not None
    assert len(request.body or b"") < 4_096
    return {each["reason"]: each["quantity"] for each in body["discarded_events"]}


def test_before_an_event_there_is_a_report_of_what_was_dropped() -> None:
    driver = Reporter()
    driver.runtime.advance(30.0)
    driver.send(body=b"{}")
    assert driver.told == []
    driver.drop("queue_overflow", "queue_overflow", "before_send")
    driver.send(body=b"{}")
    assert driver.told == [{"queue_overflow": 2, "before_send": 1}]
    assert [request.category for request in driver.received] == ["error", "client_report", "error"]


def test_there_is_at_most_one_in_each_interval() -> None:
    driver = Reporter(report_interval=10.0)
    for _ in range(30):
        driver.drop("sample_rate")
        driver.send(body=b"{}")
        driver.runtime.advance(1.0)
    assert driver.told == [{"sample_rate": 11}, {"sample_rate": 10}]


def test_without_an_interval_only_flushes_tell() -> None:
    driver = Reporter(report_interval=None)
    driver.drop("sample_rate")
    driver.runtime.advance(1e9)
    driver.send(body=b"{}")
    assert driver.told == []
    driver.report()
    assert driver.told == [{"sample_rate": 1}]


def test_a_flush_tells_at_once() -> None:
    driver = Reporter()
    driver.report()
    driver.drop("ignored")
    driver.report()
    driver.drop("ignored")
    driver.report()
    driver.report()
    assert driver.told == [{"ignored": 1}, {"ignored": 1}]


@pytest.mark.parametrize("reason", sorted(REPORTED))
def test_each_of_the_servers_reasons_is_told(reason: str) -> None:
    driver = Reporter()
    driver.drop(reason)
    driver.report()
    assert driver.told == [{reason: 1}]


@pytest.mark.parametrize("reason", ["rate_limited", "shutdown", "of_ones_own"])
def test_what_the_server_has_counted_itself_or_has_no_name_for_is_not_told(reason: str) -> None:
    driver = Reporter()
    driver.drop(reason)
    driver.report()
    assert driver.received == []


@pytest.mark.parametrize("failure", [500, 403, 429, RateLimited("no"), ValueError("a bug")], ids=str)
def test_what_was_not_heard_is_told_again(failure: Answer) -> None:
    driver = Reporter(failure, 200)
    driver.drop("invalid")
    driver.report()
    driver.drop("invalid", "ignored")
    driver.report()
    driver.report()
    assert driver.told == [{"invalid": 1}, {"invalid": 2, "ignored": 1}]


def test_a_server_that_does_not_answer_is_left_alone_until_it_does() -> None:
    driver = Reporter(ConnectError("no"), 200)
    driver.drop("invalid", "invalid")
    driver.report()
    assert driver.told == [{"invalid": 2}]
    driver.report()
    assert len(driver.told) == 1
    driver.send(body=b"{}")
    driver.report()
    assert driver.told == [{"invalid": 2}, {"invalid": 2}]


@pytest.mark.parametrize("answer", [ConnectError("no"), 503, 403, 302, 429], ids=str)
def test_an_event_that_was_not_taken_says_the_same(answer: Answer) -> None:
    driver = Reporter(answer, 200)
    driver.drop("invalid")
    try:
        driver.send(body=b"{}")
    except ConnectError:
        pass
    driver.report()
    assert driver.told == []


def test_one_tells_at_a_time() -> None:
    driver = Reporter(5.0, 200)
    driver.drop("invalid")
    tasks = [driver.runtime.start(driver.bound.report(driver.runtime.now + 60.0)) for _ in range(3)]
    driver.runtime.advance(5.0)
    assert all(task.done for task in tasks)
    assert driver.told == [{"invalid": 1}]


@pytest.mark.parametrize(("seconds", "most"), [(0.5, 0.5), (60.0, 2.0)])
def test_a_report_has_little_time(seconds: float, most: float) -> None:
    driver = Reporter()
    driver.drop("invalid")
    driver.report(seconds)
    (request,) = driver.received
    assert request.deadline == request.latest == 1_000.0 + most


def test_with_store_nothing_is_told_and_nothing_is_tried_again() -> None:
    driver = Reporter(Unserializable("no"), 200)
    driver.drop("invalid")
    for _ in range(3):
        driver.report()
        driver.send(body=b"{}")
    assert len(driver.told) == 1


def stack(sink: ScriptedSink, frame: Envelope | Store) -> Any:
    return Stack(Serialize(), Queue(queue_size=2), Report(), frame, sink=sink)


def test_a_full_queue_is_no_hindrance() -> None:
    sink = ScriptedSink()
    bound = stack(sink, Envelope()).bind(DSN, runtime=FakeRuntime())
    for _ in range(10):
        bound.send(Request("0" * 32, event={"message": "hi"}))
    assert not bound.flush()
    assert counted(bound.stats()) == {"accepted": 10, "delivered": 2, "queue_overflow": 8}
    reports = [request for request in sink.received if request.category == "client_report"]
    assert Counter(request.category for request in sink.received) == {"error": 2, "client_report": 1}
    header, item, body = (reports[0].body or b"").split(b"\n", 2)
    assert "event_id" not in json.loads(header)
    assert json.loads(item) == {"type": "client_report", "length": len(body) - 1}
    assert json.loads(body)["discarded_events"] == [{"reason": "queue_overflow", "category": "error", "quantity": 8}]


def test_a_flush_on_the_thread_of_a_loop_tells_as_well() -> None:
    runtime = FakeRuntime(waits=False)
    sink = ScriptedSink()
    bound = stack(sink, Envelope()).bind(DSN, runtime=runtime)
    bound.discard(new_request(), Outcome("before_send"))
    assert bound.flush()
    assert [request.category for request in sink.received] == ["client_report"]


def test_without_a_twin_nothing_is_told_there() -> None:
    driver = Reporter()
    driver.drop("invalid")
    driver.bound.report_here(driver.runtime.now + 1.0)
    assert driver.received == []


def test_at_exit_it_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_spent", 0.0), ("_queues", WeakSet()), ("_reports", WeakSet())):
        monkeypatch.setattr(at_exit, name, value)
    sink = ScriptedSink()
    bound = stack(sink, Envelope()).bind(DSN)
    bound.discard(new_request(), Outcome("sample_rate"))
    bound.send(Request("0" * 32, event={"message": "hi"}))
    at_exit.drain()
    assert sorted(request.category for request in sink.received) == ["client_report", "error"]
    bound.close()


def test_a_forked_child_does_not_tell_its_parents_news(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = ScriptedSink()
    bound = stack(sink, Envelope()).bind(DSN)
    bound.discard(new_request(), Outcome("sample_rate"))
    process = os.getpid()
    (report,) = bound._life()._reporting
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: process + 1)
        report.drain(1.0)
        assert sink.received == []
    report.drain(1.0)
    assert len(sink.received) == 1
    bound.close()


def test_a_report_is_no_event() -> None:
    bound = stack(ScriptedSink(), Envelope()).bind(DSN, runtime=FakeRuntime())
    bound.discard(new_request(), Outcome("before_send"))
    bound.flush()
    assert counted(bound.stats()) == {"accepted": 1, "before_send": 1}


def test_with_store_close_tells_nothing() -> None:
    sink = ScriptedSink()
    bound = stack(sink, Store()).bind(DSN, runtime=FakeRuntime())
    bound.discard(new_request(), Outcome("before_send"))
    assert bound.close()
    assert sink.received == []


def test_where_it_stands() -> None:
    with pytest.raises(InvalidStack, match="Report can't stand above Queue"):
        Stack(Report(), Queue(), sink=MemorySink())


def test_who_delivers_in_the_place_of_a_loop_does_not_tell_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_spent", 0.0), ("_queues", WeakSet()), ("_reports", WeakSet())):
        monkeypatch.setattr(at_exit, name, value)
    sink = ScriptedSink()
    bound = stack(sink, Envelope()).bind(DSN, runtime=FakeRuntime(waits=False))
    bound.discard(new_request(), Outcome("before_send"))
    bound.send(Request("0" * 32, event={"message": "hi"}))
    assert bound.flush()
    assert len(at_exit._reports) == 1
    at_exit.drain()
    assert Counter(request.category for request in sink.received) == {"error": 1, "client_report": 1}
