"""The program is asked, and whatever its function does, there is an answer."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Any, NoReturn

import pytest

from raven.capture.ask import ask
from raven.own_log import Sparingly, may_capture


@pytest.fixture(autouse=True)
def nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raven.capture.ask._log", Sparingly(logging.getLogger("raven.client")))


def test_the_answer_is_what_the_function_returns() -> None:
    subject, another, hint = {"a": 1}, {"b": 1}, {"c": 1}
    assert ask("f", lambda given, more: given, subject, hint) is subject
    assert ask("f", lambda given, more: another, subject, hint) is another
    assert ask("f", lambda given, more: more, subject, hint) is hint
    assert ask("f", lambda given, more: None, subject, hint) is None


class Refusing(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("hidden")


@pytest.mark.parametrize(
    "error",
    [ValueError("hidden"), SystemExit("hidden"), GeneratorExit(), asyncio.CancelledError(), MemoryError(), Refusing()],
    ids=lambda each: type(each).__name__,
)
def test_what_it_raises_is_told_by_its_type_and_the_subject_is_kept(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    def decide(subject: dict[str, Any], hint: dict[str, Any]) -> NoReturn:
        raise error

    subject = {"a": 1}
    assert ask("f", decide, subject, {}) is subject
    assert caplog.messages == [f"f raised {type(error).__name__}; what it was asked about is kept"]
    assert may_capture()


def test_ctrl_c_goes_through() -> None:
    def decide(subject: dict[str, Any], hint: dict[str, Any]) -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask("f", decide, {}, {})
    assert may_capture()


class Broken(dict[str, Any]):
    def keys(self) -> NoReturn:
        raise SystemExit

    __iter__ = keys


def test_a_dict_of_another_kind_is_taken_if_it_can_be(caplog: pytest.LogCaptureFixture) -> None:
    subject = {"a": 1}
    assert type(ask("f", lambda given, more: OrderedDict(given), subject, {})) is dict
    assert caplog.messages == []
    assert ask("f", lambda given, more: Broken(given), subject, {}) is subject
    assert caplog.messages == ["f raised SystemExit; what it was asked about is kept"]


@pytest.mark.parametrize("rubbish", [5, "hidden", ["hidden"], (), True, False, 0, object(), dict], ids=repr)
def test_rubbish_is_told_by_its_type_and_the_subject_is_kept(caplog: pytest.LogCaptureFixture, rubbish: Any) -> None:
    subject = {"a": 1}
    assert ask("f", lambda given, more: rubbish, subject, {}) is subject
    name = type(rubbish).__name__
    assert caplog.messages == [f"f returned {name} and not a dict or None; what it was asked about is kept"]


def test_nothing_is_captured_meanwhile() -> None:
    seen: list[bool] = []

    def decide(subject: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        seen.append(may_capture())
        if not hint:
            ask("f", decide, subject, {"again": True})
        seen.append(may_capture())
        return subject

    ask("f", decide, {}, {})
    assert seen == [False] * 4
    assert may_capture()


def test_a_coroutine_is_rubbish(caplog: pytest.LogCaptureFixture) -> None:
    made: list[Any] = []

    async def decide(subject: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        return subject

    def call(subject: dict[str, Any], hint: dict[str, Any]) -> Any:
        made.append(decide(subject, hint))
        return made[0]

    subject = {"a": 1}
    assert ask("f", call, subject, {}) is subject
    assert "f returned coroutine" in caplog.text
    made[0].close()
