"""How much of a value is shown."""

from __future__ import annotations

from functools import lru_cache


class Bounds:
    """At most `depth` containers are nested, with at most `breadth` entries each; text has at most `length` characters.

    `below`: the bounds of what is within.
    """

    __slots__ = ("below", "breadth", "depth", "length")

    def __init__(self, depth: int, breadth: int, length: int) -> None:
        self.depth, self.breadth, self.length = depth, breadth, length
        self.below: Bounds = self if depth < 0 else Bounds(depth - 1, breadth, length)


bounds_of = lru_cache(maxsize=256)(Bounds)
"""`Bounds`, of which those with the same values are made once."""
