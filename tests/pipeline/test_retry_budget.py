"""The budget of tries: what there is for events, for seconds and in reserve."""

from __future__ import annotations

import pytest

from raven.chance import chance
from raven.pipeline import Retry
from raven.pipeline.retry_budget import Budget
from raven.testing import FakeRuntime, StageDriver

from .helpers import new_request


def spend(budget: Budget, times: int) -> list[float]:
    return [round(budget.spend(), 6) for _ in range(times)]


def test_ten_are_in_reserve_and_what_follows_is_put_off_a_second_each() -> None:
    assert spend(Budget(0.2, FakeRuntime().monotonic), 13) == [0.0] * 10 + [1.0, 2.0, 3.0]


def test_a_second_is_worth_one_and_the_reserve_never_grows_beyond_its_bound() -> None:
    runtime = FakeRuntime()
    budget = Budget(0.2, runtime.monotonic)
    runtime.advance(1_000.0)
    spend(budget, 12)
    runtime.advance(3.0)
    assert spend(budget, 2) == [0.0, 1.0]


def test_an_event_is_worth_its_share() -> None:
    budget = Budget(0.25, FakeRuntime().monotonic)
    for _ in range(1_000):
        budget.earn()
    spend(budget, 10)
    for _ in range(8):
        budget.earn()
    assert spend(budget, 3) == [0.0, 0.0, 1.0]


def test_what_is_given_back_can_be_spent() -> None:
    budget = Budget(0.0, FakeRuntime().monotonic)
    spend(budget, 10)
    assert spend(budget, 1) == [1.0]
    budget.give_back()
    assert spend(budget, 1) == [1.0]


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "uniform", lambda least, most: least)


@pytest.mark.usefixtures("no_pauses")
def test_all_events_of_a_transport_share_one_budget() -> None:
    driver = StageDriver(Retry(retry_share=0.0, total_timeout=1_000.0), [503])
    tasks = [driver.runtime.start(driver.bound(new_request())) for _ in range(20)]
    assert len(driver.received) == 20 + 10
    for second in range(1, 31):
        driver.runtime.advance(1.0)
        assert len(driver.received) == 30 + second
    assert not all(task.done for task in tasks)


@pytest.mark.usefixtures("no_pauses")
def test_what_is_over_the_share_waits() -> None:
    failing = StageDriver(Retry(attempts=2, retry_share=1.0), [503])
    for _ in range(100):
        failing.send(body=b"")
    assert sum(failing.runtime.slept) == 0.0
    failing = StageDriver(Retry(attempts=2, retry_share=0.5), [503])
    for _ in range(100):
        failing.send(body=b"")
    assert sum(failing.runtime.slept) == 40.5  # 19 have the reserve, each of the others half a second


@pytest.mark.usefixtures("no_pauses")
def test_a_try_that_the_budget_puts_off_for_too_long_is_not_made_and_costs_nothing() -> None:
    driver = StageDriver(Retry(attempts=3, retry_share=0.0, total_timeout=4.0), [503])
    for _ in range(20):
        driver.runtime.start(driver.bound(new_request()))
    driver.runtime.advance(100.0)
    assert len(driver.received) == 20 + 10 + 3
