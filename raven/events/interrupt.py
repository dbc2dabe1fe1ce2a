"""Call a function of the program's, and interrupt it when it runs for too long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_FEW_STEPS = 500
_MANY_STEPS = 10_000
_PATIENCE = 32
"""By how much more has to be done, each time, in what was not running when the exception was raised before."""
_GRACE = 20
"""Steps in which a function may tidy up, should the exception be on its way after all."""
_EACH_INSTRUCTION = sys.version_info < (3, 12)
_TRACE_ALL = sys.version_info < (3, 11)
"""There, a frame that is not traced below one that is keeps the exception alive."""


class TooLong(BaseException):
    """Raised inside the function that runs for too long. No `except Exception` of its own stops this."""


def call_within(seconds: float, function: Callable[[Any], _Result], argument: Any) -> _Result:
    """Call the function. Raises `TooLong` in it when the time is over.

    The only way to interrupt Python code from within its own thread is to trace it. A call that never comes back from C
    (`time.sleep`) can't be interrupted.
    """
    result: _Result
    watch = _Watch(seconds)
    sys.settrace(watch)
    try:
        result, error = next(_called(function, argument))
    finally:
        watch.is_over = True
        sys.settrace(watch.debugger)
        watch.leave_profile()
    if error is None:
        return result
    try:
        raise error
    finally:
        del error  # or it would hold itself, by its traceback


def _called(function: Callable[[Any], Any], argument: Any) -> Iterator[tuple[Any, BaseException | None]]:
    """What the function returns, or raises. A generator, which has an account of its own of what is being handled.

    When a trace function raises at the end of an `except`, Python forgets to strike that off, and a `raise` in an `except`
    around all of this would raise the wrong exception.
    """
    result = error = None
    try:
        result = function(argument)
    except BaseException as raised:
        error = raised
    try:
        yield result, error
    finally:
        del error  # as above


class _Watch:
    """Told of each function that is entered, until the time is over."""

    __slots__ = ("_skip", "_stopped", "debugger", "end", "is_over", "late", "stops")

    def __init__(self, seconds: float) -> None:
        self.debugger = sys.gettrace()
        self.end = time.monotonic() + seconds
        self.is_over = False
        self.late = 0
        self.stops = self._skip = 0
        self._stopped: set[FrameType] = set()

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if self.is_over:  # another greenlet began while this was on, and has put it back
            sys.settrace(self.debugger)
            return None
        if frame.f_code is _called.__code__ and not _TRACE_ALL:  # ours, in which nothing takes long
            return None
        visit = frame.f_trace
        if type(visit) is _Visit and visit.watch is self:  # a generator goes on
            return visit
        return self._visit(frame, 0)

    def _visit(self, frame: FrameType, steps: float) -> _Visit:
        # Before 3.12, lines alone don't tell of `while True: pass`.
        frame.f_trace_opcodes = _EACH_INSTRUCTION
        return _Visit(self, steps)

    def stop(self, frame: FrameType) -> None:
        """Raise the exception in the function, whose step this is called in. Python ends the tracing then.

        So where the exception is swallowed (in a finalizer, a callback of a weak reference or the garbage collector, or by
        `except:` in a loop), the function would go on unwatched, perhaps for ever. The next call tells of it. And each time
        a further step is skipped before the exception is raised again, until it is raised where nothing swallows it.
        """
        if self._skip > 0:
            self._skip -= 1
            return
        self.stops += 1
        self._skip = _GRACE + self.stops
        self._stopped = set(_within(frame))
        self.late = 0
        if sys.getprofile() is None:  # a profiler of the program's own is left alone
            sys.setprofile(self._go_on)
        raise TooLong

    def _go_on(self, frame: FrameType, event: str, argument: object) -> None:
        """Told of each call since the exception was raised. If nobody is handling that, trace again."""
        if self.is_over:
            self.leave_profile()
            return
        self.late += 1
        is_handled = (
            isinstance(sys.exc_info()[1], TooLong) and self.late < _MANY_STEPS
        )  # Python may forget to take it back
        if is_handled or event not in ("call", "c_call"):
            return
        self.late = 0
        for each in self._stopped & set(_within(frame)):
            each.f_trace = self._visit(each, float("inf"))
        self.leave_profile()
        sys.settrace(self)

    def leave_profile(self) -> None:
        """Be told no more of calls."""
        if self.stops and sys.getprofile() == self._go_on:
            sys.setprofile(None)
        self._stopped = set()


class _Visit:
    """Told of each step within one function."""

    __slots__ = ("_steps", "watch")

    def __init__(self, watch: _Watch, steps: float) -> None:
        self.watch = watch
        self._steps = steps

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        self._steps += 1
        if time.monotonic() > self.watch.end and self._may_stop(frame):
            self.watch.stop(frame)
        return self

    def _may_stop(self, frame: FrameType) -> bool:
        # What has hardly begun may be a finalizer or the like, in which the exception would be lost. And while a greenlet
        # waits in its method, others run, which have nothing to do with it.
        self.watch.late += 1
        patience = _PATIENCE**self.watch.stops
        has_begun = self._steps > _FEW_STEPS * patience or self.watch.late > _MANY_STEPS * patience
        return has_begun and frame.f_code.co_name != "__del__" and bool(_within(frame))


def _within(frame: FrameType | None) -> list[FrameType]:
    """The frame and those that called it, up to the call that is watched. None if that has not led to the frame."""
    frames = []
    while frame is not None and frame.f_code is not _called.__code__:
        frames.append(frame)
        frame = frame.f_back
    return [] if frame is None else frames
