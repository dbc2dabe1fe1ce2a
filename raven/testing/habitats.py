"""Where the programs of a concurrency library live, so that a test can be one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Habitat:
    """Code runs where it is called. That is so with threads, and with greenlets, which begin in any thread."""

    def call(self, function: Callable[[], T]) -> T:
        """Call a function where a program of this kind would, and return what it returns."""
        return function()
