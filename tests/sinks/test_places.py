"""Places: idle connections are used first, and taken away without a wait."""

from __future__ import annotations

from collections import deque
from typing import Any

from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.sinks.places import Places


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
