"""How much of a value is shown."""

from __future__ import annotations


class Bounds:
    """At most `depth` containers are nested, with at most `breadth` entries each; text has at most `length` characters."""

    __slots__ = ("_below", "breadth", "depth", "length")

    def __init__(self, depth: int, breadth: int, length: int) -> None:
        self.depth, self.breadth, self.length = depth, breadth, length
        self._below: Bounds | None = None

    def below(self) -> Bounds:
        """The bounds of what is within."""
        if self._below is None:
            self._below = Bounds(self.depth - 1, self.breadth, self.length)
        return self._below
