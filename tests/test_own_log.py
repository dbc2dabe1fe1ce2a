"""The log of failures: one line a minute for each reason, and no line about itself."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from raven.outcome import DELIVERED, Outcome
from raven.own_log import FailureLog, logger, may_capture, may_capture_lines, not_capturing, not_capturing_lines
from raven.request import Request

LOST = Outcome("network_error", "the server can't be reached")
REQUEST = Request("0" * 32)
LINE = "an event was not delivered to https://sentry.example (network_error): the server can't be reached"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> FailureLog:
    return FailureLog(clock, "https://sentry.example")


def test_a_failure_is_a_warning(log: FailureLog, caplog: pytest.LogCaptureFixture) -> None:
    log(REQUEST, LOST)
    assert caplog.record_tuples == [("raven.delivery", logging.WARNING, LINE)]


@pytest.mark.parametrize("outcome", [DELIVERED, Outcome("before_send"), Outcome("sample_rate")])
def test_what_is_no_failure_is_not_logged(log: FailureLog, caplog: pytest.LogCaptureFixture, outcome: Outcome) -> None:
    log(REQUEST, outcome)
    assert caplog.messages == []


def test_the_next_line_comes_after_a_minute_and_counts_the_others(
    log: FailureLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for now in (0.0, 1.0, 59.875, 60.0, 119.875, 120.0, 180.0):
        clock.now = now
        log(REQUEST, LOST)
    others = "; {} others since the last such line"
    assert caplog.messages == [LINE, LINE + others.format(2), LINE + others.format(1), LINE]


def test_each_reason_has_a_minute_of_its_own(log: FailureLog, caplog: pytest.LogCaptureFixture) -> None:
    for reason in ("network_error", "send_error", "network_error", "send_error"):
        log(REQUEST, Outcome(reason))
    assert [record.args[1] for record in caplog.records if isinstance(record.args, tuple)] == [
        "network_error",
        "send_error",
    ]


class Capturing(logging.Handler):
    """A handler that captures what it is given, which fails as well."""

    def __init__(self, log: FailureLog, error: Exception | None) -> None:
        super().__init__()
        self.log, self.error = log, error

    def handle(self, record: logging.LogRecord) -> bool:
        self.log(REQUEST, Outcome("send_error", "of the handler"))
        if self.error is not None:
            raise self.error
        return True


@pytest.fixture(params=[None, ValueError("a broken handler")], ids=["works", "raises"])
def capturing(log: FailureLog, request: pytest.FixtureRequest) -> Iterator[Capturing]:
    handler = Capturing(log, request.param)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_handler_that_captures_its_own_records_goes_round_once(
    log: FailureLog, capturing: Capturing, caplog: pytest.LogCaptureFixture
) -> None:
    for reason in ("network_error", "queue_overflow"):
        try:
            log(REQUEST, Outcome(reason))
        except ValueError:
            assert capturing.error is not None
    logger.removeHandler(capturing)
    log(REQUEST, Outcome("send_error", "at last"))
    assert caplog.messages[-1].endswith("(send_error): at last; 2 others since the last such line")


@pytest.mark.parametrize("block", [not_capturing, not_capturing_lines])
def test_a_block_at_the_recursion_limit_ends(block: Callable[[], AbstractContextManager[None]]) -> None:
    entered: list[int] = []

    def deeper(depth: int = 0) -> None:
        try:
            with block():
                entered.append(depth)
        except RecursionError:
            pass
        deeper(depth + 1)

    with pytest.raises(RecursionError):
        deeper()
    assert entered
    assert may_capture()
    assert may_capture_lines()


def test_a_block_that_is_closed_in_another_context_ends_quietly() -> None:
    for block in (not_capturing, not_capturing_lines):
        inside = block()
        contextvars.Context().run(inside.__enter__)
        error = GeneratorExit()
        inside.__exit__(GeneratorExit, error, None)
        assert error.__context__ is None
        assert may_capture()
        assert may_capture_lines()
