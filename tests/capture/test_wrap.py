"""capture_exceptions: a decorated function does what it did before, and what it raises is captured."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raven import Client
from raven.capture.wrap import Capturing
from raven.errors import InvalidOption
from tests.made import Made, Make


def kinds_of(made: Made) -> list[str]:
    return [event["exception"]["values"][-1]["type"] for event in made.events]


def functions_of(made: Made) -> list[str]:
    return [
        frame["function"].rpartition(".")[2] for frame in made.last["exception"]["values"][-1]["stacktrace"]["frames"]
    ]


def bake(heat: int, *, fan: bool = False) -> int:
    """Bake."""
    if heat > 200:
        raise ValueError("too hot")
    return heat + fan


async def bake_async(heat: int, *, fan: bool = False) -> int:
    """Bake."""
    await asyncio.sleep(0)
    return bake(heat, fan=fan)


def bake_each(*heats: int) -> Generator[int, Any, str]:
    """Bake."""
    for heat in heats:
        yield bake(heat)
    return "done"


async def bake_each_async(*heats: int) -> AsyncIterator[int]:
    """Bake."""
    for heat in heats:
        await asyncio.sleep(0)
        yield bake(heat)


async def listed(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


RUN: dict[Callable[..., Any], Callable[[Any, int], Any]] = {
    bake: lambda function, heat: [function(heat)],
    bake_async: lambda function, heat: [asyncio.run(function(heat))],
    bake_each: lambda function, heat: list(function(heat)),
    bake_each_async: lambda function, heat: asyncio.run(listed(function(heat))),
}
all_kinds = pytest.mark.parametrize("function", list(RUN), ids=lambda each: each.__name__)


@all_kinds
@pytest.mark.parametrize("parentheses", [True, False])
def test_what_a_function_raises_is_captured_and_goes_on(
    make: Make, function: Callable[..., Any], parentheses: bool
) -> None:
    made = make()
    capturing = made.client.capture_exceptions
    decorated = capturing()(function) if parentheses else capturing(function)
    assert RUN[function](decorated, 100) == [100]
    assert made.events == []
    with pytest.raises(ValueError, match="too hot") as caught:
        RUN[function](decorated, 300)
    assert kinds_of(made) == ["ValueError"]
    assert made.client.capture_exception(caught.value) == made.last["event_id"]
    (value,) = made.last["exception"]["values"]
    assert value["mechanism"] == {"type": "capture_exceptions", "handled": False, "exception_id": 0}
    # Nothing of ours, where it was called from included.
    assert functions_of(made) == ([function.__name__] if function is not bake else []) + ["bake"]


@all_kinds
def test_it_looks_like_the_function(function: Callable[..., Any]) -> None:
    decorated = Client("").capture_exceptions(function)
    assert decorated is not function
    for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__"):
        assert getattr(decorated, name) == getattr(function, name)
    assert inspect.unwrap(decorated) is function
    assert inspect.signature(decorated) == inspect.signature(function)
    for question in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        asyncio.iscoroutinefunction,
    ):
        assert question(decorated) == question(function)


def test_what_a_generator_is_called_stays(make: Make) -> None:
    decorated = make().client.capture_exceptions(bake_each)
    generator: Any = decorated(1)
    assert (generator.__name__, generator.__qualname__) == ("bake_each", "bake_each")
    assert list(generator) == [1]


@all_kinds
def test_other_exceptions_only_pass(make: Make, function: Callable[..., Any]) -> None:
    made = make()
    decorated = made.client.capture_exceptions(KeyError, OSError)(function)
    with pytest.raises(ValueError, match="too hot"):
        RUN[function](decorated, 300)
    assert made.events == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_what_is_no_error_is_captured_only_if_it_is_named(make: Make, error: type[BaseException]) -> None:
    made = make()
    with pytest.raises(error), made.client.capture_exceptions():
        raise error
    assert made.events == []
    with pytest.raises(error), made.client.capture_exceptions(error):
        raise error
    assert kinds_of(made) == [error.__name__]


def test_the_arguments_go_to_the_event(make: Make) -> None:
    made = make()
    with pytest.raises(ValueError, match="too hot"), made.client.capture_exceptions(tags={"a": 1}, level="fatal"):
        bake(300)
    assert (made.event["tags"], made.event["level"]) == ({"a": "1"}, "fatal")


def test_a_block_may_be_async_and_hides_nothing(make: Make) -> None:
    made = make()

    async def program() -> None:
        async with made.client.capture_exceptions(ValueError, KeyError):
            await bake_async(300)

    with pytest.raises(ValueError, match="too hot"):
        asyncio.run(program())
    assert kinds_of(made) == ["ValueError"]
    assert functions_of(made) == ["program", "bake_async", "bake"]

    async def peaceful() -> None:
        async with made.client.capture_exceptions() as nothing:
            assert nothing is None

    asyncio.run(peaceful())


def test_methods_of_all_kinds(make: Make) -> None:
    made = make()
    capturing = made.client.capture_exceptions

    class Oven:
        @capturing
        def method(self, heat: int) -> tuple[object, int]:
            return self, bake(heat)

        @classmethod
        @capturing
        def of_class(cls, heat: int) -> tuple[object, int]:
            return cls, bake(heat)

        @staticmethod
        @capturing
        def static(heat: int) -> int:
            return bake(heat)

        @capturing
        @classmethod
        def of_class_outside(cls, heat: int) -> tuple[object, int]:
            return cls, bake(heat)

        @capturing
        @staticmethod
        def static_outside(heat: int) -> int:
            return bake(heat)

        @property
        @capturing
        def warm(self) -> int:
            return bake(250)

    oven = Oven()
    assert oven.method(1) == (oven, 1)
    assert (oven.of_class(1), Oven.of_class(1)) == ((Oven, 1), (Oven, 1))
    assert (oven.static(1), Oven.static(1)) == (1, 1)
    assert (oven.of_class_outside(1), Oven.of_class_outside(1)) == ((Oven, 1), (Oven, 1))
    assert (oven.static_outside(1), Oven.static_outside(1)) == (1, 1)
    for each in (oven.method, oven.of_class, oven.static, oven.of_class_outside, oven.static_outside):
        with pytest.raises(ValueError, match="too hot"):
            each(300)
    with pytest.raises(ValueError, match="too hot"):
        oven.warm  # noqa: B018
    assert kinds_of(made) == ["ValueError"] * 6


def test_callables_of_other_kinds(make: Make) -> None:
    made = make()

    class Baker:
        def __call__(self, heat: int) -> int:
            return bake(heat)

    for function in (Baker(), functools.partial(bake, 300), lambda heat=300: bake(heat)):
        with pytest.raises(ValueError, match="too hot"):
            made.client.capture_exceptions(function)(*([300] if isinstance(function, Baker) else []))
    decorated = made.client.capture_exceptions(functools.partial(bake_async, 300))
    with pytest.raises(ValueError, match="too hot"):
        asyncio.run(decorated())
    assert len(made.events) == 4


def test_one_is_good_for_a_function_and_a_block_that_call_themselves(make: Make) -> None:
    made = make()
    capturing = made.client.capture_exceptions(ValueError)

    def down(depth: int) -> int:
        with capturing:
            return decorated(depth - 1) if depth else bake(300)

    decorated: Callable[[int], int] = capturing(down)
    with pytest.raises(ValueError, match="too hot"):
        decorated(20)
    assert len(made.events) == 1
    assert functions_of(made) == ["down", "bake"]


def test_a_context_manager_captures_what_its_block_raises(make: Make) -> None:
    made = make()
    cleaned: list[str] = []

    @contextmanager
    @made.client.capture_exceptions
    def oven() -> Iterator[str]:
        try:
            yield "warm"
        finally:
            cleaned.append("cleaned")

    with oven() as state:
        assert state == "warm"
    with pytest.raises(ValueError, match="too hot"), oven():
        bake(300)
    assert kinds_of(made) == ["ValueError"]
    assert cleaned == ["cleaned"] * 2


@pytest.mark.parametrize(
    "wrong", [5, "ValueError", [ValueError], (ValueError,), ValueError(), None, object()], ids=repr
)
def test_what_is_neither_a_function_nor_classes_is_refused(wrong: Any) -> None:
    name = type(wrong).__name__
    with pytest.raises(InvalidOption, match=f"^capture_exceptions: a function, or classes .*, not {name}$"):
        Client("").capture_exceptions(wrong)
    with pytest.raises(InvalidOption, match=r"^capture_exceptions: classes of exceptions is accepted, not "):
        Client("").capture_exceptions(ValueError, wrong)


@pytest.mark.parametrize("wrong", [int, object, type])
def test_a_class_of_no_exception_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidOption, match=r"^capture_exceptions: "):
        Client("").capture_exceptions(wrong)


class Pretending(Exception):
    """Raises when it is asked what it is."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("hiddentext")

    @__class__.setter
    def __class__(self, value: object) -> None: ...


def test_an_exception_that_pretends_goes_through(make: Make) -> None:
    made = make()
    with pytest.raises(Pretending), made.client.capture_exceptions(KeyError):
        raise Pretending
    with pytest.raises(Pretending), made.client.capture_exceptions(KeyError, Pretending):
        raise Pretending
    assert kinds_of(made) == ["Pretending"]


def test_a_disabled_client_changes_nothing() -> None:
    decorated = Client("").capture_exceptions(bake)
    assert decorated(100, fan=True) == 101
    with pytest.raises(ValueError, match="too hot"):
        decorated(300)


# Whatever is done to a generator, it answers as if it was not decorated


class Own(Exception):
    """Thrown in."""


# What a generator does at each yield with what it is given there, and what is done to it.
AT_YIELD = ["pass", "catch", "raise", "raise from", "return", "yield again", "swallow exit", "raise at exit"]
STEPS = ["next", "send", "throw", "throw exit", "throw stop", "throw type", "close"]
generators = given(st.lists(st.sampled_from(AT_YIELD), max_size=4), st.lists(st.sampled_from(STEPS), max_size=8))


THROWN: dict[str, Callable[[], BaseException]] = {
    "throw": lambda: Own("thrown"),
    "throw exit": GeneratorExit,
    "throw stop": StopIteration,
    "throw type": lambda: KeyError("k"),
}


def scripted(script: list[str], log: list[Any]) -> Generator[Any, Any, Any]:
    for number, what in enumerate(script):
        try:
            log.append((yield (number, what)))
        except GeneratorExit as error:
            log.append(repr(error))
            if what == "swallow exit":
                return "swallowed"
            if what == "raise at exit":
                raise KeyError(number) from None
            raise
        except Exception as error:
            log.append(repr(error))
            if what == "raise":
                raise KeyError(number) from None
            if what == "raise from":
                raise KeyError(number) from error
            if what == "return":
                return f"returned at {number}"
            if what == "yield again":
                log.append((yield "although it is to end"))
            if what != "catch":
                raise
    if len(script) == 3:
        raise Own("at the end")
    return "returned"


async def scripted_async(script: list[str], log: list[Any]) -> AsyncIterator[Any]:
    generator = scripted(script, log)
    step: Callable[[], Any] = lambda: next(generator)  # noqa: E731
    while True:
        await asyncio.sleep(0)
        try:
            item = step()
        except StopIteration:
            return
        try:
            sent = yield item
        except BaseException as error:
            step = functools.partial(generator.throw, error)
        else:
            step = functools.partial(generator.send, sent)


def told(error: BaseException) -> Any:
    """An exception, and what hangs on it."""
    hanging = [None if each is None else repr(each) for each in (error.__cause__, error.__context__)]
    return (repr(error), *hanging, error.__suppress_context__)


def outcome_of_step(generator: Any, step: str, number: int) -> Any:
    try:
        if step == "next":
            return next(generator)
        if step == "send":
            return generator.send(number)
        if step == "close":
            return generator.close()
        return generator.throw(THROWN[step]())
    except BaseException as error:
        return told(error)


async def outcome_of_async_step(generator: Any, step: str, number: int) -> Any:
    try:
        awaitable: Awaitable[Any]
        if step == "next":
            awaitable = generator.__anext__()
        elif step == "send":
            awaitable = generator.asend(number)
        elif step == "close":
            awaitable = generator.aclose()
        else:
            awaitable = generator.athrow(StopAsyncIteration() if step == "throw stop" else THROWN[step]())
        return await awaitable
    except BaseException as error:
        return told(error)


def nothing(error: BaseException) -> None:
    return None


@generators
@settings(max_examples=300, deadline=None)
def test_a_generator_answers_as_it_did(script: list[str], steps: list[str]) -> None:
    found = []
    for function in (scripted, Capturing(nothing, (BaseException,))(scripted)):
        log: list[Any] = []
        generator = function(script, log)
        outcomes = [outcome_of_step(generator, step, number) for number, step in enumerate(steps)]
        closing = [outcome_of_step(generator, "close", 0) for _ in range(len(script) + 2)]
        found.append((outcomes, log, closing))
    assert found[0] == found[1]


@generators
@settings(max_examples=300, deadline=None)
def test_an_async_generator_answers_as_it_did(script: list[str], steps: list[str]) -> None:
    async def program(function: Callable[..., Any]) -> Any:
        log: list[Any] = []
        generator = function(script, log)
        outcomes = [await outcome_of_async_step(generator, step, number) for number, step in enumerate(steps)]
        closing = [await outcome_of_async_step(generator, "close", 0) for _ in range(len(script) + 2)]
        return outcomes, log, closing

    plain = asyncio.run(program(scripted_async))
    assert asyncio.run(program(Capturing(nothing, (BaseException,))(scripted_async))) == plain


def test_an_error_that_was_thrown_in_is_held_by_nobody() -> None:
    capturing = Capturing(nothing, (BaseException,))
    gone: list[str] = []

    class Loud(Exception):
        def __del__(self) -> None:
            gone.append("gone")

    def throw() -> None:
        generator = capturing(bake_each)(1)
        next(generator)
        with pytest.raises(Loud):
            generator.throw(Loud())

    async def throw_async() -> None:
        generator: Any = capturing(bake_each_async)(1)
        await generator.__anext__()
        with pytest.raises(Loud):
            await generator.athrow(Loud())

    gc.disable()
    try:
        throw()
        assert gone == ["gone"]
        asyncio.run(throw_async())
        assert gone == ["gone"] * 2
    finally:
        gc.enable()


def test_an_async_generator_that_is_left_is_closed_by_the_loop(make: Make) -> None:
    made = make()

    @made.client.capture_exceptions
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            ended.set()

    async def program() -> None:
        async for _ in numbers():
            break
        await asyncio.wait_for(ended.wait(), 10)

    ended = asyncio.Event()
    asyncio.run(program())
    assert made.events == []


def test_a_task_that_is_cancelled_ends_as_it_did(make: Make) -> None:
    made = make()
    cleaned: list[str] = []

    @made.client.capture_exceptions
    async def waiting() -> NoReturn:
        try:
            while True:
                await asyncio.sleep(3600)
        finally:
            cleaned.append("cleaned")

    @made.client.capture_exceptions
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await waiting()

    async def program() -> None:
        for work in (waiting(), listed(numbers())):
            task = asyncio.ensure_future(work)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()

    asyncio.run(program())
    assert cleaned == ["cleaned"] * 2
    assert made.events == []
