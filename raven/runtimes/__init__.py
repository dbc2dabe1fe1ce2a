"""Runtimes: how one concurrency library tells time, sleeps, starts workers and wakes them.

A runtime is all that the stages know of concurrency. Blocking ones (threads, greenlets) never suspend a coroutine: their
`sleep` blocks. The others suspend it in their library's own way, and can't be used without a `Queue`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar, Protocol, TypeVar

from .drive import drive

__all__ = ["CannotWait", "Runtime", "SocketRuntime", "Waker", "drive"]

T = TypeVar("T")


class CannotWait(Exception):
    """Nobody would run a coroutine while the caller waits for it. It is for the stack, and never reaches the program."""


class Waker(Protocol):
    """One sleeper's alarm. A `wake()` that comes before the `wait()` is not lost; several are as good as one."""

    def wake(self) -> None:
        """Wake the sleeper. From any thread, a signal handler or a `__del__`; never blocks and never raises."""

    def wait(self, timeout: float | None) -> Awaitable[bool]:
        """Wait for `wake()`, at most `timeout` seconds (None: for ever). Whether it came."""


class Runtime(Protocol):
    """One concurrency library. It attaches to a running loop, if it has one, at first use and not when it is made."""

    cancellation: ClassVar[tuple[type[BaseException], ...]]
    """What is raised in a worker that is told to stop, or whose loop is gone (GeneratorExit). Its request stays with the
    queue. Threads can't be told."""

    @property
    def survives_exit(self) -> bool:
        """Whether workers still run while the interpreter carries out its exit handlers."""

    @property
    def helper(self) -> Runtime | None:
        """A runtime for the blocking twin of a sink, to deliver where no loop of this one runs. None: it needs no loop."""

    def is_running(self) -> bool:
        """Whether workers go on, as far as they don't wait. False: the loop that carries them doesn't run now."""

    def monotonic(self) -> float:
        """Seconds on a clock that is never set back."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait that long."""

    def spawn(self, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a worker beside the program. From any thread; RuntimeError if no worker can be started now."""

    def waker(self) -> Waker:
        """A new alarm."""

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        """Run a coroutine to its end and return its result, blocking the caller.

        Raises `CannotWait` if the coroutine can't run while the caller waits: on the thread of the loop itself, where no
        loop runs, or where it does nothing for us within `seconds` (None: for ever).
        """

    async def arun(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
        """The same for a caller that awaits, without blocking the caller's loop. Raises `CannotWait` as `run` does."""


class SocketRuntime(Runtime, Protocol):
    """A runtime that can wait for a socket, which is all that HTTP needs of it."""

    def wait_readable(self, descriptor: int, seconds: float) -> Awaitable[None]:
        """Wait until the socket of this descriptor can be read, at most that long."""

    def wait_writable(self, descriptor: int, seconds: float) -> Awaitable[None]:
        """Wait until it can be written, at most that long."""
