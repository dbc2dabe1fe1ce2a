"""drive runs what never waits, and tells what does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from raven.errors import StageSuspended
from raven.runtimes import drive


class Foreign:
    def __await__(self) -> Any:
        yield self


async def answer() -> int:
    return 42


def test_the_result_comes_back() -> None:
    async def outer() -> int:
        return await answer() + 1

    assert drive(outer()) == 43


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_what_is_raised_is_raised(error: BaseException) -> None:
    async def failing() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        drive(failing())
    assert raised.value is error


def test_what_was_awaited_is_named() -> None:
    async def suspends() -> None:
        await Foreign()

    with pytest.raises(StageSuspended, match=r"^a stage awaited a Foreign, which can't be waited for here"):
        drive(suspends())


def test_a_bare_yield_is_named() -> None:
    with pytest.raises(StageSuspended, match="awaited a bare yield"):
        drive(asyncio.sleep(0))


def test_whoever_called_the_one_that_waits_can_go_on_without_it() -> None:
    errors: list[str] = []

    async def worker() -> str:
        for _ in range(3):
            try:
                await Foreign()
            except StageSuspended as error:
                errors.append(str(error))
        return "done"

    assert drive(worker()) == "done"
    assert len(errors) == 3


def test_what_is_open_is_closed() -> None:
    closed: list[str] = []

    async def suspends() -> None:
        try:
            await Foreign()
        finally:
            closed.append("closed")

    with pytest.raises(StageSuspended):
        drive(suspends())
    assert closed == ["closed"]
