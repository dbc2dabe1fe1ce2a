"""When to replay the next event."""

from __future__ import annotations

from collections.abc import Callable

from ..chance import chance

_FIRST, _LONGEST = 1.0, 60.0
_SCOUT = 1.0
"""Seconds after which, while the server is down, something new is tried."""


class Pace:
    """One at a time, `spacing` seconds apart; after a failure a pause that grows up to a minute, or as long as the server
    asks for. Who flushes is in a hurry: there is no spacing then.
    """

    def __init__(self, monotonic: Callable[[], float], spacing: float) -> None:
        self._monotonic = monotonic
        self._spacing = spacing
        self._pause = 0.0
        self._ready = 0.0
        self._free = 0.0
        self._hurries: list[None] = []
        self._down = False
        self._next_scout = 0.0

    def left(self) -> float:
        """Seconds until the next one may go."""
        now = self._monotonic()
        ready = self._ready if self._pause or not self._hurries else now
        return max(ready, self._free) - now

    def succeeded(self) -> bool:
        """The server has taken an event, or has at least read one. Whether we had been waiting for that."""
        waited = self._pause > 0 or self._free > 0
        self._down = False
        self._pause = self._free = 0.0
        self._ready = self._monotonic() + self._spacing
        return waited

    def failed(self, asked: float, *, down: bool = False) -> None:
        """It has not. `asked` is for how many seconds it wants to be left alone; `down`: it has not even answered."""
        now = self._monotonic()
        self._down = down
        self._free = max(self._free, now + asked)
        if now < self._ready and self._pause:  # it was under way when another one failed: that is the same failure
            return
        self._pause = min(max(_FIRST, self._pause * 2), _LONGEST)
        # Somewhere in the second half, so that processes that failed together don't come back together.
        self._ready = now + self._pause * chance.uniform(0.5, 1.0)

    def lets_through(self) -> bool:
        """Whether what is new is to be tried. While the server is down one a second is, to see whether it is back; the
        others would only wake a worker in vain.
        """
        if self._down:
            now = self._monotonic()
            if now < self._next_scout:
                return False
            self._next_scout = now + _SCOUT
        return True

    def hurry(self) -> None:
        """Somebody waits for it to be done. What a failure has us wait for is over; what the server asks for is not."""
        self._hurries.append(None)
        self._ready = 0.0

    def no_hurry(self) -> None:
        """He doesn't any more."""
        self._hurries.pop()
