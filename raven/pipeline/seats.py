"""How much a queue may hold: so many requests, and so many bytes.

No lock is taken here, because a capture may come from a signal handler or a `__del__` that interrupts another one. A seat
is a token in a deque, and so is each block of bytes; to take a token is to have the right.
"""

from __future__ import annotations

from collections import deque

_BLOCK = 4_096


class Seats:
    """Seats for `count` requests, whose bodies have `size` bytes in all, counted in blocks of 4 KiB. What is less than a
    block is not counted: that has its bound in their number.
    """

    def __init__(self, count: int, size: int) -> None:
        self._seats = deque([None] * count)
        self._blocks = deque([None] * (size // _BLOCK))
        self._most = size // _BLOCK

    def take(self, size: int) -> bool:
        """Take a seat for a body of `size` bytes. Whether there was one."""
        try:
            self._seats.pop()
        except IndexError:
            return False
        for taken in range(size // _BLOCK):
            try:
                self._blocks.pop()
            except IndexError:
                self._blocks.extend([None] * taken)
                self._seats.append(None)
                return False
        return True

    def has_room_ever(self, size: int) -> bool:
        """Whether a body of that size fits when nothing else is there."""
        return size // _BLOCK <= self._most

    def give(self, size: int) -> None:
        """Give back the seat of a body of that size."""
        self._blocks.extend([None] * (size // _BLOCK))
        self._seats.append(None)

    def __len__(self) -> int:
        return len(self._seats)
