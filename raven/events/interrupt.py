"""Call a function of the program's, and interrupt it when it runs for too long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_FEW_STEPS = 500
_MANY_STEPS = 10_000
_EACH_INSTRUCTION = sys.version_info < (3, 12)


class TooLong(BaseException):
    """Raised inside the function that runs for too long. No `except Exception` of its own stops this."""


def call_within(seconds: float, function: Callable[[Any], _Result], argument: Any) -> _Result:
    """Call the function. Raises `TooLong` in it when the time is over.

    The only way to interrupt Python code from within its own thread is to trace it. A call that never comes back from C
    (`time.sleep`) can't be interrupted.
    """
    watch = _Watch(seconds)
    sys.settrace(watch)
    try:
        return function(argument)
    finally:
        watch.is_over = True
        sys.settrace(watch.debugger)


class _Watch:
    """Told of each function that is entered, until the time is over."""

    __slots__ = ("debugger", "end", "is_over", "late")

    def __init__(self, seconds: float) -> None:
        self.debugger = sys.gettrace()
        self.end = time.monotonic() + seconds
        self.is_over = False
        self.late = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if self.is_over:  # another greenlet began while this was on, and has put it back
            sys.settrace(self.debugger)
            return None
        # Before 3.12, lines alone don't tell of `while True: pass`.
        frame.f_trace_opcodes = _EACH_INSTRUCTION
        visit = frame.f_trace
        if type(visit) is _Visit and visit.watch is self:  # a generator goes on
            return visit
        return _Visit(self)


class _Visit:
    """Told of each step within one function."""

    __slots__ = ("_end", "_steps", "watch")

    def __init__(self, watch: _Watch) -> None:
        self.watch = watch
        self._end = watch.end
        self._steps = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        self._steps += 1
        if time.monotonic() > self._end and self._may_stop(frame):
            raise TooLong
        return self

    def _may_stop(self, frame: FrameType) -> bool:
        # What has hardly begun may be a finalizer or the like, in which the exception would be lost, and with it the
        # tracing. And while a greenlet waits in its method, others run, which have nothing to do with it.
        self.watch.late += 1
        has_begun = self._steps > _FEW_STEPS or self.watch.late > _MANY_STEPS
        return has_begun and frame.f_code.co_name != "__del__" and _is_below(call_within.__code__, frame)


def _is_below(code: CodeType, frame: FrameType | None) -> bool:
    """Whether the code has called the frame."""
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None
