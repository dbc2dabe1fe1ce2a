"""Capture what a block or a function raises."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any, TypeVar

from ..errors import InvalidOption
from .rules import is_one_of

_F = TypeVar("_F", bound=Callable[..., Any])
Capture = Callable[[BaseException], object]


class Capturing:
    """A context manager, and a decorator for functions of all kinds: it captures what is raised, and lets it go on.

    `exceptions`: those that are captured; others only pass.
    """

    def __init__(self, capture: Capture, exceptions: tuple[type[BaseException], ...]) -> None:
        self._capture = capture
        self._exceptions = exceptions

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and is_one_of(error, self._exceptions):
            self._capture(error)

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: _F) -> _F:
        """The function, with all that it raises captured: when it is called, awaited or iterated over."""
        if isinstance(function, (staticmethod, classmethod)):
            method: Any = type(function)(self(function.__func__))
            bound: _F = method
            return bound
        if not callable(function):
            given = type(function).__name__
            raise InvalidOption(f"capture_exceptions: a function, or classes of exceptions, are accepted, not {given}")
        import inspect  # which is slow to do

        if inspect.isasyncgenfunction(function):
            wrapper: Any = self._async_generator(function)
        elif inspect.iscoroutinefunction(function):
            wrapper = self._coroutine(function)
        elif inspect.isgeneratorfunction(function):
            wrapper = self._generator(function)
        else:
            wrapper = self._plain(function)
        wrapped: Any = functools.wraps(function)(wrapper)
        result: _F = wrapped
        return result

    def _plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            __traceback_hide__ = True
            with self:
                return function(*arguments, **options)

        return call

    def _coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **options: Any) -> Any:
            __traceback_hide__ = True
            with self:
                return await function(*arguments, **options)

        return call

    def _generator(self, function: Callable[..., Any]) -> Callable[..., Generator[Any, Any, Any]]:
        def call(*arguments: Any, **options: Any) -> Generator[Any, Any, Any]:
            __traceback_hide__ = True
            with self:
                # Not `yield from`: it keeps what GeneratorExit makes of the generator to itself.
                generator = function(*arguments, **options)
                step: Any = generator.__next__
                while True:
                    try:
                        item = step()
                    except StopIteration as stop:
                        return stop.value
                    finally:
                        step = None  # or an error that was thrown in would hold, by this frame, itself
                    try:
                        step = functools.partial(generator.send, (yield item))
                    except BaseException as error:
                        step = functools.partial(generator.throw, error)

        return call

    def _async_generator(self, function: Callable[..., Any]) -> Callable[..., AsyncGenerator[Any, Any]]:
        async def call(*arguments: Any, **options: Any) -> AsyncGenerator[Any, Any]:
            __traceback_hide__ = True
            with self:
                generator = function(*arguments, **options)
                step: Any = generator.__anext__()
                while True:
                    try:
                        item = await step
                    except StopAsyncIteration:
                        return
                    finally:
                        step = None  # as above
                    try:
                        step = generator.asend((yield item))
                    except BaseException as error:  # GeneratorExit as well: the generator may have something to say
                        step = generator.athrow(error)

        return call
