"""How much may be at rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_NO_CLOCK = 1_700_000_000.0
"""A time before this library was written comes from a clock that was not set."""


@dataclass(frozen=True)
class Bounds:
    """At most so many events, bytes of their bodies, and seconds of age."""

    events: int
    bytes: int
    age: float

    def surplus(self, events: int, size: int) -> tuple[int, int]:
        """How many events, and how many bytes, are too many."""
        return events - self.events, size - self.bytes

    def is_expired(self, stored: object, now: float) -> bool:
        """Whether an event is too old. One from the future, or from long ago, was stored by a clock that was wrong."""
        return isinstance(stored, float) and _NO_CLOCK < stored < now - self.age


@dataclass(frozen=True)
class Clock:
    """Seconds since 1970, by a clock that is not set while the process runs."""

    monotonic: Callable[[], float]
    _offset: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offset", time.time() - self.monotonic())

    def __call__(self) -> float:
        return self._offset + self.monotonic()
