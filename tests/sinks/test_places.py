"""Places: idle connections are used first, and taken away without a wait."""

from __future__ import annotations

import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.sinks.places import Places
from raven.testing import FakeRuntime


def taken(places: Places[str], count: int) -> list[str | None]:
    """What so many who come find."""
    return [drive(places.take(0.0)) for _ in range(count)]


def test_idle_connections_are_taken_first_and_the_last_used_before_the_others() -> None:
    places: Places[str] = Places(4, ThreadRuntime())
    taken(places, 3)
    for connection in ("first", None, "last"):
        places.give(connection)
    assert taken(places, 4) == ["last", "first", None, None]


def test_idle_connections_can_be_taken_away_and_their_places_stay() -> None:
    places: Places[str] = Places(3, ThreadRuntime())
    assert places.take_idle() is None
    taken(places, 2)
    places.give("one")
    places.give("other")
    assert [places.take_idle() for _ in range(3)] == ["other", "one", None]
    assert taken(places, 3) == [None] * 3


def test_others_may_take_the_rest_meanwhile() -> None:
    class Emptied(deque[Any]):
        def pop(self) -> Any:  # type: ignore[override]
            self.clear()
            return super().pop()

    places: Places[str] = Places(3, ThreadRuntime())
    places._free = Emptied(["one", "other"])
    assert places.take_idle() is None


def test_a_place_is_for_whoever_has_waited_longest_and_not_for_who_gave_it_back() -> None:
    """On a loop, who gives one back and comes again at once would find it before those who wait are even woken."""
    runtime = FakeRuntime()
    places: Places[str] = Places(2, runtime)
    served: list[int] = []

    async def worker(number: int) -> None:
        for _ in range(3):
            place = await places.take(runtime.monotonic() + 10.0)
            await runtime.sleep(1.0)
            served.append(number)
            places.give(place or f"by {number}")

    for number in range(6):
        runtime.start(worker(number))
    runtime.advance(9.0)
    assert served == [0, 1, 2, 3, 4, 5] * 3


def test_who_waits_too_long_is_told_and_his_place_is_anothers() -> None:
    runtime = FakeRuntime()
    places: Places[str] = Places(1, runtime)

    async def take(seconds: float) -> str | None:
        return await places.take(runtime.monotonic() + seconds)

    first, late, patient = (runtime.start(take(seconds)) for seconds in (1.0, 2.0, 5.0))
    runtime.advance(3.0)
    assert (first.done, patient.done) == (True, False)
    assert isinstance(late.error, TimeoutError)
    places.give("one")
    runtime.advance()
    assert patient.result == "one"


@pytest.mark.parametrize("woken", [False, True])
def test_who_is_told_to_stop_while_he_waits_leaves_his_place_to_the_next(woken: bool) -> None:
    runtime = FakeRuntime()
    places: Places[str] = Places(1, runtime)
    drive(places.take(runtime.monotonic() + 1.0))
    stopped = places.take(runtime.monotonic() + 10.0)
    stopped.send(None)
    patient = runtime.start(places.take(runtime.monotonic() + 10.0))
    if woken:
        places.give("one")
    with pytest.raises(KeyboardInterrupt):
        stopped.throw(KeyboardInterrupt)
    if not woken:
        places.give("one")
    runtime.advance()
    assert patient.result == "one"


def test_threads_that_give_up_at_any_moment_lose_no_place() -> None:
    places: Places[str] = Places(3, runtime := ThreadRuntime())
    used: Counter[str] = Counter()
    over = threading.Event()

    def work(number: int) -> None:
        while not over.is_set():
            try:
                place = drive(places.take(runtime.monotonic() + 0.0002 * (number % 4)))
            except TimeoutError:
                used["too late"] += 1
                continue
            used["had"] += 1
            drive(runtime.sleep(0.0001 * (number % 3)))
            places.give(place)

    with ThreadPoolExecutor(12) as threads:
        working = [threads.submit(work, number) for number in range(12)]
        while used["had"] < 300 or used["too late"] < 300:
            drive(runtime.sleep(0.01))
        over.set()
        for each in working:
            each.result()
    assert taken(places, 3) == [None] * 3
