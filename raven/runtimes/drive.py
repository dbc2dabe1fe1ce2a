"""Run a coroutine that never waits."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from ..errors import StageSuspended

T = TypeVar("T")


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in one step, and return its result.

    Where nothing suspends (in threads and greenlets, where waiting is blocking; everywhere above the queue) a stack of
    coroutines is a stack of plain calls. Where that isn't so, `StageSuspended` is raised in the coroutine that waits, so
    that a worker survives it, and the one event is counted as dropped.
    """
    try:
        awaited = coroutine.send(None)
        while True:
            awaited = coroutine.throw(suspended_by(awaited))
    except StopIteration as done:
        result: T = done.value
        return result


def suspended_by(awaited: object) -> StageSuspended:
    """The error that names what was awaited, as far as that can be known."""
    return StageSuspended("a bare yield" if awaited is None else f"a {type(awaited).__qualname__}")
