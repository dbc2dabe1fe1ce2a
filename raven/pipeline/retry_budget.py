"""How many tries more a server is asked to bear than there are events."""

from __future__ import annotations

from collections.abc import Callable

_RESERVE = 10.0
_A_SECOND = 1.0


class Budget:
    """Tries that may be made again: `share` for each event, one for each second, and up to ten in reserve.

    A try that there is nothing left for is not refused, but put off until there is. Threads that come at the same moment
    may be counted as one, which does no harm: it is a brake and not an account.
    """

    def __init__(self, share: float, monotonic: Callable[[], float]) -> None:
        self._share = share
        self._monotonic = monotonic
        self._left = _RESERVE
        self._since = monotonic()

    def earn(self) -> None:
        """Count an event's first try."""
        self._left = min(_RESERVE, self._left + self._share)

    def spend(self) -> float:
        """Take one try, and tell the seconds until it may be made."""
        now = self._monotonic()
        self._left = min(_RESERVE, self._left + (now - self._since) * _A_SECOND) - 1.0
        self._since = now
        return max(0.0, -self._left / _A_SECOND)

    def give_back(self) -> None:
        """Give back a try that is not made after all."""
        self._left += 1.0
