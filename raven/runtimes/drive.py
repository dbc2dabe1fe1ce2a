"""Run a coroutine that never waits."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from ..errors import StageSuspended

T = TypeVar("T")


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in one step, and return its result.

    Where nothing suspends (in threads and greenlets, where waiting is blocking; everywhere above the queue) a stack of
    coroutines is a stack of plain calls. Raises `StageSuspended`, with a name for what was awaited, if that isn't so.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise StageSuspended("a bare yield" if awaited is None else f"a {type(awaited).__qualname__}")
