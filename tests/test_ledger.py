"""The ledger adds up at every instant, whatever interrupts it."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raven.ledger import Ledger, Stats
from raven.outcome import DELIVERED, Outcome
from raven.request import Request
from tests.pipeline import reentry

LOST = Outcome("network_error", "no")
OUTCOMES = [DELIVERED, LOST, Outcome("queue_overflow"), Outcome("before_send")]


def request() -> Request:
    return Request("0" * 32)


def adds_up(stats: Stats) -> bool:
    return stats.accepted == stats.delivered + sum(stats.dropped.values()) + stats.pending and stats.pending >= 0


def test_a_new_ledger_has_nothing() -> None:
    assert Ledger().stats() == Stats(accepted=0, delivered=0, pending=0, dropped={})
    assert Stats() == Stats(0, 0, 0, {})
    assert (
        repr(Stats(2, 1, dropped={"invalid": 1})) == "Stats(accepted=2, delivered=1, pending=0, dropped={'invalid': 1})"
    )


def test_an_event_is_pending_until_it_is_settled() -> None:
    ledger = Ledger()
    ledger.accept()
    ledger.accept()
    ledger.accept()
    assert ledger.stats() == Stats(accepted=3, pending=3)
    ledger.settle(request(), DELIVERED)
    assert ledger.stats() == Stats(accepted=3, delivered=1, pending=2)
    ledger.settle(request(), LOST)
    assert ledger.stats() == Stats(accepted=3, delivered=1, pending=1, dropped={"network_error": 1})
    ledger.settle(request(), LOST)
    assert ledger.stats() == Stats(accepted=3, delivered=1, dropped={"network_error": 2})


def test_moves_are_not_kept_until_somebody_asks() -> None:
    ledger = Ledger()
    ledger.accept()
    assert not ledger._moves
    ledger.settle(request(), DELIVERED)
    assert not ledger._moves


def test_what_was_read_stays_as_it_was() -> None:
    ledger = Ledger()
    ledger.accept()
    ledger.settle(request(), LOST)
    before = ledger.stats()
    ledger.accept()
    ledger.settle(request(), LOST)
    assert before == Stats(accepted=1, dropped={"network_error": 1})
    with pytest.raises(TypeError):
        before.dropped["network_error"] = 0  # type: ignore[index]  # that it can't be changed is what is tested


def test_only_drops_that_nobody_asked_for_are_failures() -> None:
    stats = Stats(dropped={"before_send": 1, "sample_rate": 2, "ignored": 4, "event_processor": 8, "send_error": 16})
    assert stats.failed == 16
    assert Stats(dropped={"send_error": 1, "shutdown": 2}).failed == 3


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from([None, *OUTCOMES])))
def test_any_interleaving_adds_up_at_every_step(moves: list[Outcome | None]) -> None:
    ledger, accepted, settled = Ledger(), 0, Counter[str | None]()
    for move in moves:
        if move is None:
            ledger.accept()
            accepted += 1
        elif settled.total() < accepted:
            ledger.settle(request(), move)
            settled[move.reason] += 1
        stats = ledger.stats()
        assert adds_up(stats)
        dropped = {reason: count for reason, count in settled.items() if reason is not None}
        assert stats == Stats(accepted, settled[None], accepted - settled.total(), dropped)


def test_observers_hear_of_every_end_in_order_after_it_is_counted() -> None:
    ledger = Ledger()
    heard: list[tuple[str, Request, Outcome, int]] = []
    for name in "ab":
        ledger.observe(lambda each, outcome, name=name: heard.append((name, each, outcome, ledger.stats().pending)))  # type: ignore[misc]  # mypy can't see through the default
    first, second = request(), request()
    ledger.accept()
    ledger.accept()
    ledger.settle(first, DELIVERED)
    ledger.settle(second, LOST)
    assert heard == [
        ("a", first, DELIVERED, 1),
        ("b", first, DELIVERED, 1),
        ("a", second, LOST, 0),
        ("b", second, LOST, 0),
    ]


def test_a_request_and_its_copies_are_settled_once() -> None:
    ledger = Ledger()
    heard: list[Outcome] = []
    ledger.observe(lambda each, outcome: heard.append(outcome))
    first = request()
    second = first.copy()
    ledger.accept()
    ledger.settle(second.copy(), LOST)
    for each in (first, second, first.copy()):
        ledger.settle(each, DELIVERED)
    assert ledger.stats() == Stats(accepted=1, dropped={"network_error": 1})
    assert heard == [LOST]


def test_an_observer_that_raises_harms_nobody() -> None:
    ledger = Ledger()
    heard: list[Outcome] = []

    def broken(each: Request, outcome: Outcome) -> None:
        raise ValueError

    ledger.observe(broken)
    ledger.observe(lambda each, outcome: heard.append(outcome))
    ledger.accept()
    ledger.settle(request(), LOST)
    assert heard == [LOST]
    assert ledger.stats() == Stats(accepted=1, dropped={"network_error": 1})


def test_an_observer_may_use_the_ledger() -> None:
    ledger = Ledger()
    seen: list[Stats] = []

    def reporting(each: Request, outcome: Outcome) -> None:
        seen.append(ledger.stats())
        if len(seen) < 3:
            ledger.accept()
            ledger.settle(request(), DELIVERED)

    ledger.observe(reporting)
    ledger.accept()
    ledger.settle(request(), LOST)
    assert [stats.accepted for stats in seen] == [1, 2, 3]
    assert ledger.stats() == Stats(accepted=3, delivered=2, dropped={"network_error": 1})
    assert all(map(adds_up, seen))


def test_it_adds_up_at_every_sample_while_threads_hammer_it() -> None:
    ledger, threads, each = Ledger(), 8, 500
    start, samples = threading.Barrier(threads + 1), 0

    def hammer(at: int) -> None:
        start.wait(30.0)
        for n in range(each):
            ledger.accept()
            ledger.settle(request(), OUTCOMES[(at + n) % len(OUTCOMES)])

    workers = [threading.Thread(target=hammer, args=(at,)) for at in range(threads)]
    for worker in workers:
        worker.start()
    start.wait(30.0)
    while any(worker.is_alive() for worker in workers):
        stats = ledger.stats()
        samples += 1
        assert adds_up(stats)
        assert stats.pending <= threads
    for worker in workers:
        worker.join(30.0)
    a_quarter = threads * each // 4
    dropped = {"network_error": a_quarter, "queue_overflow": a_quarter, "before_send": a_quarter}
    assert ledger.stats() == Stats(threads * each, a_quarter, 0, dropped)
    assert samples > 0


@pytest.mark.parametrize("program", [reentry.signals_in_moves, reentry.finalizers_in_moves])
def test_a_signal_handler_or_a_finalizer_that_counts_in_the_middle_of_a_move_is_counted(
    program: Callable[[], None],
) -> None:
    reentry.run_alone(program)


def test_a_ctrl_c_in_the_middle_of_a_move_loses_none_and_doubles_none() -> None:
    reentry.run_alone(reentry.ctrl_c_in_moves)


def test_a_move_that_comes_in_the_middle_of_another_is_kept_for_it() -> None:
    class Interrupted(deque[Any]):
        def __getitem__(self, at: Any) -> Any:
            if not seen:
                seen.append(Stats())
                ledger.accept()
                seen.append(ledger.stats())
            return super().__getitem__(at)

    ledger = Ledger()
    seen: list[Stats] = []
    ledger._moves = Interrupted()
    ledger.accept()
    assert seen[1] == Stats()
    assert ledger.stats() == Stats(accepted=2, pending=2)


def test_a_move_for_which_the_stack_was_too_deep_is_made_by_whoever_comes_next() -> None:
    class TooDeep:
        def __enter__(self) -> None:
            raise RecursionError

        def __exit__(self, *_: object) -> None: ...

    ledger = Ledger()
    lock = ledger._lock
    ledger._lock = TooDeep()  # type: ignore[assignment]  # no real stack is deep in the right place every time
    ledger.accept()
    ledger.settle(request(), LOST)
    ledger._lock = lock
    assert ledger.stats() == Stats(accepted=1, dropped={"network_error": 1})


def test_a_move_that_was_cut_short_is_finished_by_the_next_one_and_not_done_again() -> None:
    class CutShort(deque[Any]):
        def popleft(self) -> Any:
            ledger._moves = deque(self)
            raise KeyboardInterrupt

    ledger = Ledger()
    ledger._moves = CutShort()
    with pytest.raises(KeyboardInterrupt):
        ledger.accept()
    assert ledger.stats() == Stats(accepted=1, pending=1)
    ledger.settle(request(), DELIVERED)
    assert ledger.stats() == Stats(accepted=1, delivered=1)
