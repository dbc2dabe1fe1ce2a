"""A runtime with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from ..runtimes import CannotWait
from ..runtimes.drive import suspended_by

T = TypeVar("T")
_NEVER = float("inf")


@dataclass(eq=False)
class Task:
    """A coroutine that was started, and how far it is."""

    coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any]
    due: float = 0.0
    waiting_for: FakeWaker | None = None
    done: bool = False
    result: Any = None
    error: BaseException | None = field(default=None, repr=False)
    context: Context = field(default_factory=copy_context, repr=False)


class FakeWaker:
    """An alarm on the fake clock."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime
        self.awake = False

    def wake(self) -> None:
        self.awake = True

    async def wait(self, timeout: float | None) -> bool:
        if not self.awake:
            await _Pause(self._runtime, _NEVER if timeout is None else timeout, self)
        awake, self.awake = self.awake, False
        return awake


class _Pause:
    def __init__(self, runtime: FakeRuntime, seconds: float, waker: FakeWaker | None = None) -> None:
        self.due = runtime.monotonic() + seconds
        self.waker = waker

    def __await__(self) -> Generator[_Pause, None, None]:
        yield self


def _begin(worker: Callable[[], Coroutine[Any, Any, Any]]) -> Generator[Any, None, Any]:
    # A coroutine that is made and never begun would be warned of.
    return (yield from worker().__await__())


class FakeRuntime:
    """Runs everything in one thread, one step at a time, always in the same order.

    `start(coroutine)` runs it until it waits. `advance(seconds)` moves the clock, and runs whatever is due, in the order in
    which it is due. `run` lets the clock jump to whatever is due next until its coroutine is done. `slept` has the length
    of every sleep that was begun. With `spawns=False` no worker can be started, as while an interpreter exits. With
    `waits=False` nothing can be waited for, as on the thread of a loop. With `runs=False` it is one whose loop doesn't run,
    for those who ask. `helper` is what delivers where it can't.
    """

    cancellation: ClassVar[tuple[type[BaseException], ...]] = (GeneratorExit,)

    def __init__(
        self,
        *,
        spawns: bool = True,
        survives_exit: bool = True,
        waits: bool = True,
        helper: FakeRuntime | None = None,
        runs: bool = True,
    ) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self.tasks: list[Task] = []
        self.spawns = spawns
        self.survives_exit = survives_exit
        self.waits = waits
        self.helper = helper
        self.runs = runs

    def is_running(self) -> bool:
        return self.runs

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await _Pause(self, seconds)

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if not self.spawns:
            raise RuntimeError("can't start new thread")
        self.tasks.append(Task(_begin(worker), due=self.now))

    def waker(self) -> FakeWaker:
        return FakeWaker(self)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Task:
        """Begin a coroutine, and run it and all others that can run until they wait."""
        task = Task(coroutine, due=self.now)
        self.tasks.append(task)
        self.advance(0.0)
        return task

    def advance(self, seconds: float = 0.0) -> None:
        """Move the clock, and run whatever comes due. Moving it by 0 runs what can run now."""
        until = self.now + seconds
        while (task := self._next(until)) is not None:
            self._step(task)
        self.now = until

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        """Run a coroutine to its end. The clock jumps over the time in which everything waits."""
        if not self.waits:
            raise CannotWait
        task = Task(make(), due=self.now)
        self.tasks.append(task)
        while not task.done:
            following = self._next(_NEVER)
            if following is None:
                raise RuntimeError("every task waits for ever")
            self._step(following)
        if task.error is not None:
            raise task.error
        result: T = task.result
        return result

    async def arun(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        return self.run(make, seconds)

    def _next(self, until: float) -> Task | None:
        ready = [task for task in self.tasks if self._due(task) <= until and self._due(task) < _NEVER]
        return min(ready, key=self._due, default=None)

    def _due(self, task: Task) -> float:
        return self.now if task.waiting_for is not None and task.waiting_for.awake else task.due

    def _step(self, task: Task) -> None:
        self.now = max(self.now, self._due(task))
        # To the back of the line, so that among those that are due at once each has its turn.
        self.tasks.remove(task)
        try:
            pause = task.context.run(task.coroutine.send, None)
            while not isinstance(pause, _Pause):
                pause = task.context.run(task.coroutine.throw, suspended_by(pause))
        except StopIteration as stop:
            task.done, task.result = True, stop.value
        except BaseException as error:
            task.done, task.error = True, error
        else:
            task.due, task.waiting_for = pause.due, pause.waker
            self.tasks.append(task)
