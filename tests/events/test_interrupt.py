"""What runs for ever is interrupted, and nothing else is."""

from __future__ import annotations

import gc
import itertools
import sys
import time
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from raven.events.values import Simplifier, simplify

from .checks import (
    RAISED,
    Clock,
    Own,
    check,
    hostile,
)


class Spinning:
    def __repr__(self) -> str:
        while True:
            pass


class Generating:
    def __repr__(self) -> str:
        def numbers() -> Iterator[int]:
            while True:
                try:
                    yield 1
                except Exception:
                    continue

        return str(sum(numbers()))


class InC:
    def __repr__(self) -> str:
        return str(sum(map(lambda _: 1, itertools.count())))  # noqa: C417  no generator


class Exponential:
    def __repr__(self) -> str:
        def fibonacci(n: int) -> int:
            return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

        return str(fibonacci(90))


class Finalizing:
    def __repr__(self) -> str:
        class Temporary:
            def __del__(self) -> None:
                for _ in range(30):
                    pass

        while True:
            Temporary()


def work() -> None:
    for _ in range(2_000):
        pass


class FinalizingLong:
    def __repr__(self) -> str:
        class Temporary:
            def __del__(self) -> None:
                work()

        while True:
            Temporary()


class CallingBack:
    def __repr__(self) -> str:
        class Temporary: ...

        def gone(_: object) -> None:
            work()

        while True:
            temporary = Temporary()
            reference = weakref.ref(temporary, gone)
            del temporary
            assert reference() is None


class Collecting:
    def __repr__(self) -> str:
        def told(phase: str, about: object) -> None:
            work()

        gc.callbacks.append(told)
        try:
            while True:
                gc.collect(0)
        finally:
            gc.callbacks.remove(told)


class Closing:
    def __repr__(self) -> str:
        def numbers() -> Iterator[int]:
            try:
                yield 1
            finally:
                work()

        while True:
            next(numbers())


class Retrying:
    def __repr__(self) -> str:
        while True:
            try:
                work()
                raise ValueError
            except:  # noqa: E722
                pass


class Keeping:
    def __repr__(self) -> str:
        errors = []
        while True:
            try:
                work()
            except BaseException as error:
                errors.append(error)
                work()


class GoingOn:
    def __repr__(self) -> str:
        while True:
            try:
                work()
            finally:
                continue  # noqa: B012


SWALLOWING = [FinalizingLong, CallingBack, Collecting, Closing, Retrying, Keeping, GoingOn]
"""Each loses what is raised to interrupt it, unless it is raised just where it is not lost."""
ENDLESS = [Spinning, Generating, InC, Exponential, Finalizing, *SWALLOWING]
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_repr_without_end_is_interrupted(kind: type) -> None:
    before = sys.gettrace()
    began = time.monotonic()
    shown = Simplifier(seconds=0.02).simplify([kind(), 5])
    assert shown == [f"<{kind.__name__} whose repr took too long>", 5]
    assert time.monotonic() - began < 10
    assert sys.gettrace() is before
    assert sys.getprofile() is None


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_the_program_is_handling_stays_the_same(kind: type) -> None:
    def show(seconds: float) -> None:
        try:
            raise ValueError("handled")
        except ValueError:
            Simplifier(seconds=seconds).simplify(kind())
            raise

    for seconds in (0.001, 0.002, 0.003, 0.004, 0.005):
        with pytest.raises(ValueError, match="handled"):
            show(seconds)
        assert sys.exc_info()[0] is None


def test_what_has_to_be_done_at_the_end_is_done() -> None:
    done: list[str] = []

    class Note:
        def __enter__(self) -> None: ...

        def __exit__(self, *exc_info: object) -> None:
            work()
            done.append("exit")

    class Tidy:
        def __repr__(self) -> str:
            with Note():
                try:
                    return inner()
                finally:
                    work()
                    done.append("finally")

    def inner() -> str:
        while True:
            work()

    assert Simplifier(seconds=0.02).simplify(Tidy()) == "<Tidy whose repr took too long>"
    assert done == ["finally", "exit"]


def test_a_profiler_goes_on_to_be_told() -> None:
    told: list[str] = []

    def profile(frame: FrameType, event: str, argument: object) -> None:
        told.append(frame.f_code.co_name)

    sys.setprofile(profile)
    try:
        assert Simplifier(seconds=0.02).simplify(Spinning()) == "<Spinning whose repr took too long>"
        work()
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert told.count("work") == 2  # its call and its return


@pytest.fixture
def debugger() -> Iterator[list[str]]:
    """The names of the functions that a debugger has been told of."""
    told: list[str] = []

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        told.append(frame.f_code.co_name)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield told
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


@pytest.mark.usefixtures("debugger")
@pytest.mark.parametrize("kind", [*ENDLESS, *(hostile(object, raised) for raised in RAISED)])
def test_a_debugger_is_there_again_afterwards(kind: type) -> None:
    trace = sys.gettrace()
    Simplifier(seconds=0.02).simplify([kind()])
    assert sys.gettrace() is trace is not None


def test_a_debugger_goes_on_to_be_told(debugger: list[str]) -> None:
    def after() -> None: ...

    Simplifier(seconds=0.02).simplify([Spinning()])
    debugger.clear()
    after()
    assert "after" in debugger


def test_ctrl_c_leaves_the_debugger_as_it_was() -> None:
    before = sys.gettrace()
    with pytest.raises(KeyboardInterrupt):
        simplify([{"a": hostile(object, KeyboardInterrupt)()}])
    assert sys.gettrace() is before


def test_another_greenlet_is_not_interrupted(clock: Clock) -> None:
    """While one waits in its `repr`, another runs in the same thread, under the same trace function."""
    greenlet = pytest.importorskip("greenlet").greenlet
    before = sys.gettrace()
    done: list[int] = []

    def work() -> None:
        for _ in range(100_000):
            pass
        done.append(1)

    def other() -> None:
        clock.now += 5
        work()
        waiting.parent.switch()
        work()

    class Waiting:
        def __repr__(self) -> str:
            waiting.switch()
            for _ in range(2_000):
                pass
            return "done"

    waiting = greenlet(other)
    assert Simplifier().simplify([Waiting()]) == ["<Waiting whose repr took too long>"]
    assert done == [1]
    waiting.switch()
    assert done == [1, 1]
    assert sys.gettrace() is before


def test_greenlets_that_wait_within_each_other_leave_no_trace_function() -> None:
    greenlet = pytest.importorskip("greenlet").greenlet
    before = sys.gettrace()

    class Waiting:
        def __repr__(self) -> str:
            greenlet.getcurrent().parent.switch()
            return "done"

    shown: list[Any] = []
    waiting = [greenlet(lambda: shown.append(check(Waiting()))) for _ in range(3)]
    for _ in range(2):
        for each in waiting:
            each.switch()
    assert shown == ["done"] * 3
    check(Own(1))  # whatever is called next finds it out
    assert sys.gettrace() is before


def test_a_generator_that_is_used_by_a_repr_is_none_the_worse() -> None:
    def numbers() -> Iterator[int]:
        while True:
            yield 1

    class Using:
        def __init__(self) -> None:
            self.numbers = numbers()

        def __repr__(self) -> str:
            return str(next(self.numbers))

    using = Using()
    for _ in range(3):
        assert check(using) == "1"
        assert next(using.numbers) == 1


@pytest.mark.parametrize("kind", [Spinning, Retrying, hostile(object, ValueError)])
def test_nothing_is_kept_alive(kind: type) -> None:
    value = kind()
    seen = weakref.ref(value)
    gc.disable()
    try:
        Simplifier(seconds=0.01).simplify(value)
        del value
        is_kept = seen() is not None
    finally:
        gc.enable()
    assert not is_kept
