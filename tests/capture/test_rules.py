"""Which events are not sent: how they are told, how they are counted, and what before_send may do."""

from __future__ import annotations

import logging
import random
import threading
from abc import ABCMeta
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest

from raven import Flushed, Stats
from raven.handlers.logging import SentryHandler
from raven.own_log import Sparingly
from tests.made import Made, Make


def dropped(made: Made) -> dict[str, int]:
    stats: Stats = made.client.stats()
    assert stats.failed == 0
    assert stats.accepted == stats.delivered + sum(stats.dropped.values())
    assert made.client.flush() is Flushed.DELIVERED
    return dict(stats.dropped)


def capture_all_kinds(made: Made) -> list[str | None]:
    return [
        made.client.capture_message("m"),
        made.client.capture_exception(ValueError()),
        made.client.capture({"message": "own"}),
        made.client.capture("raven.events.Message", message="m"),
    ]


# sample_rate


@pytest.mark.parametrize("rate", [0, 0.0, 1, 1.0])
def test_all_or_none_are_sent(make: Make, rate: float) -> None:
    made = make(sample_rate=rate)
    ids = [event_id for _ in range(25) for event_id in capture_all_kinds(made)]
    if rate:
        assert [event["event_id"] for event in made.events] == ids
        assert dropped(made) == {}
    else:
        assert (made.events, set(ids)) == ([], {None})
        assert dropped(made) == {"sample_rate": 100}


def test_a_share_is_sent(make: Make) -> None:
    made = make(sample_rate=0.25)
    for number in range(4_000):
        made.client.capture({"message": str(number)})
    sent = len(made.events)
    assert 700 < sent < 1_300  # 1000 on average; that it is outside by chance takes longer than anybody waits
    assert dropped(made) == {"sample_rate": 4_000 - sent}


def test_a_program_that_seeds_its_lots_before_each_draws_ours_no_less_by_chance(make: Make) -> None:
    made = make(sample_rate=0.5)
    for _ in range(200):
        random.seed(1)
        made.client.capture({})
    assert 0 < len(made.events) < 200


def test_the_programs_own_lots_are_left_alone(make: Make) -> None:
    made = make(sample_rate=0.5)
    random.seed(1)
    state = random.getstate()
    capture_all_kinds(made)
    assert random.getstate() == state


def test_an_exception_draws_its_lot_once(make: Make) -> None:
    made = make(sample_rate=0.5)
    for _ in range(50):
        error = ValueError()
        ids = {made.client.capture_exception(error) for _ in range(10)}
        assert len(ids) == 1
    assert made.client.stats().accepted == 50


# ignore_exceptions


class Base(Exception):
    class Inner(Exception): ...


class Derived(Base): ...


class HostileMeta(type):
    """A class of classes that refuses whatever can be refused."""

    def refuse(cls, *arguments: object) -> NoReturn:
        raise RuntimeError("hiddentext")

    __instancecheck__ = __subclasscheck__ = __eq__ = __bool__ = __getattribute__ = __repr__ = refuse
    __hash__ = type.__hash__


# Not a name of the module: pytest would look at it.
HOSTILE = [HostileMeta("OfHostile", (Exception,), {})]


class Strange(Exception):
    __module__ = property(lambda self: 1 / 0)


class OfAbc(Exception, metaclass=ABCMeta):
    """`except OfAbc` does not catch what is registered with it."""


OfAbc.register(ValueError)

MODULE = Base.__module__


@pytest.mark.parametrize(
    ("ignored", "error", "is_ignored"),
    [
        (Base, Base, True),
        (Base, Derived, True),
        (Derived, Base, False),
        ((ValueError, Base), Derived, True),
        ("Base", Base, True),
        ("Base", Derived, True),
        ("Derived", Base, False),
        ("base", Base, False),
        ("Bas", Base, False),
        ("Inner", Base.Inner, True),
        ("Base.Inner", Base.Inner, True),
        (f"{MODULE}.Base.Inner", Base.Inner, True),
        (f"{MODULE}.Base", Derived, True),
        (f"{MODULE}.*", Derived, True),
        ("tests.*", Base, True),
        ("other.Base", Base, False),
        ("D*d", Derived, True),
        ("*Error", ValueError, True),
        ("*Error", FileNotFoundError, True),
        ("OSError", FileNotFoundError, True),
        ("builtins.ValueError", ValueError, True),
        ("ValueError", UnicodeDecodeError, True),
        ("*", KeyboardInterrupt, True),
        ("Exception", KeyboardInterrupt, False),
        ("OfHostile", "hostile", True),
        ("*.OfHostile", "hostile", True),
        (ValueError, "hostile", False),
        ("Strange", Strange, True),
        ("*.Strange", Strange, False),
        ("no", Strange, False),
        (OfAbc, ValueError, False),
        (OfAbc, OfAbc, True),
    ],
)  # fmt: skip
def test_what_is_named_is_ignored_with_all_that_derives_from_it(
    make: Make, ignored: Any, error: Any, is_ignored: bool
) -> None:
    if error == "hostile":
        error = HOSTILE[0]
    made = make(ignore_exceptions=ignored if isinstance(ignored, tuple) else [ignored])
    raised = UnicodeDecodeError("u", b"", 0, 1, "") if error is UnicodeDecodeError else error()
    event_ids = {made.client.capture_exception(raised) for _ in range(3)}
    assert (event_ids == {None}) is is_ignored
    assert len(made.events) == (not is_ignored)
    assert dropped(made) == ({"ignored": 1} if is_ignored else {})
    made.client.capture_message("Base")
    assert made.events[-1]["logentry"]["message"] == "Base"


def test_a_generator_of_names_is_read_once(make: Make) -> None:
    made = make(ignore_exceptions=(each for each in (ValueError, "KeyError")))
    made.client.capture_exception(ValueError())
    made.client.capture_exception(KeyError())
    assert dropped(made) == {"ignored": 2}


def test_what_is_ignored_draws_no_lot_and_is_shown_to_nobody(make: Make) -> None:
    shown: list[Any] = []
    made = make(ignore_exceptions=["ValueError"], sample_rate=0, before_send=lambda event, hint: shown.append(event))
    made.client.capture_exception(ValueError())
    made.client.capture_exception(KeyError())
    assert dropped(made) == {"ignored": 1, "sample_rate": 1}
    assert shown == []


# before_send


def test_before_send_may_change_and_drop(make: Make) -> None:
    def decide(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
        if "exception" in event:
            return None
        event["tags"] = {"seen": "yes"}
        event["message"] = "changed"
        return event

    made = make(before_send=decide)
    ids = capture_all_kinds(made)
    assert ids[1] is None
    assert [event["event_id"] for event in made.events] == [ids[0], *ids[2:]]
    assert {event["message"] for event in made.events} == {"changed"}
    assert dropped(made) == {"before_send": 1}


def test_it_is_told_what_the_event_is_made_of(make: Make) -> None:
    hints: list[dict[str, Any]] = []

    def decide(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        hints.append(hint)
        return event

    made = make(before_send=decide)
    log = logging.Logger("shop")
    log.addHandler(SentryHandler(made.client))
    try:
        raise ValueError
    except ValueError as caught:
        error = caught
    made.client.capture_exception(error, hint={"mine": 1})
    log.error("x")
    log.error("y", exc_info=KeyError())
    made.client.capture_message("z")
    made.client.capture({}, hint={"exc_info": "mine"})
    assert hints[0] == {"exc_info": (ValueError, error, error.__traceback__), "mine": 1}
    assert hints[1]["log_record"].msg == "x"
    assert "exc_info" not in hints[1]
    assert hints[2]["exc_info"][0] is KeyError
    assert hints[2]["log_record"].msg == "y"
    assert hints[3:] == [{}, {"exc_info": "mine"}]


def test_secrets_that_it_adds_are_taken_out(make: Make) -> None:
    def decide(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        event["extra"] = {"password": "hidden1", "url": "https://me:hidden2@shop.example/?token=hidden3"}
        event["contexts"]["own"] = {"api_key": "hidden4"}
        event["logentry"]["formatted"] = "secret=hidden5"
        return event

    made = make(before_send=decide)
    made.client.capture_message("m")
    assert "hidden" not in str(made.event)


@pytest.mark.parametrize("error", [ValueError("hidden"), SystemExit("hidden"), GeneratorExit(), RecursionError()])
def test_one_that_raises_keeps_the_event(
    make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr("raven.capture.ask._log", Sparingly(logging.getLogger("raven.client")))

    def decide(event: dict[str, Any], hint: dict[str, Any]) -> NoReturn:
        raise error

    made = make(before_send=decide)
    ids = capture_all_kinds(made)
    assert [event["event_id"] for event in made.events] == ids
    assert caplog.messages == [f"before_send raised {type(error).__name__}; what it was asked about is kept"]
    assert dropped(made) == {}


def test_ctrl_c_in_it_goes_through(make: Make) -> None:
    def decide(event: dict[str, Any], hint: dict[str, Any]) -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(before_send=decide).client.capture_message("m")


@pytest.mark.parametrize("rubbish", [5, "text", ["a"], (), True, False, object(), dict], ids=repr)
def test_one_that_returns_rubbish_keeps_the_event(make: Make, rubbish: Any) -> None:
    made = make(before_send=lambda event, hint: rubbish)
    ids = capture_all_kinds(made)
    assert [event["event_id"] for event in made.events] == ids


def test_one_that_takes_other_arguments_keeps_the_event(make: Make) -> None:
    wrong: Any = lambda event: None  # noqa: E731
    made = make(before_send=wrong)
    assert None not in capture_all_kinds(made)


@pytest.mark.parametrize("event_id", ["", "x", None, 5, "A" * 32])
def test_an_id_that_it_makes_up_must_be_one(make: Make, event_id: object) -> None:
    made = make(before_send=lambda event, hint: {**event, "event_id": event_id})
    sent = made.client.capture_message("m")
    assert made.event["event_id"] == sent
    assert sent is not None
    assert len(sent) == 32


def test_what_it_does_itself_is_not_captured(make: Make) -> None:
    calls: list[str] = []

    def decide(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        calls.append("called")
        log.error("in before_send")
        try:
            raise KeyError
        except KeyError:
            log.exception("in before_send")
            assert made.client.capture_exception() is None
        assert made.client.capture_message("in before_send") is None
        return event

    made = make(before_send=decide)
    log = logging.Logger("shop")
    log.addHandler(SentryHandler(made.client))
    log.error("the only one")
    assert made.event["logentry"]["message"] == "the only one"
    assert calls == ["called"]
    assert dropped(made) == {}


def test_threads_are_asked_side_by_side(make: Make) -> None:
    meet = threading.Barrier(4)

    def decide(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        meet.wait(10)
        event["tags"] = {"of": event["logentry"]["message"]}
        return event

    made = make(before_send=decide)
    with ThreadPoolExecutor(4) as pool:
        assert None not in list(pool.map(made.client.capture_message, map(str, range(4))))
    assert sorted(event["tags"]["of"] for event in made.events) == ["0", "1", "2", "3"]
    assert all(event["tags"]["of"] == event["logentry"]["message"] for event in made.events)


def test_an_event_that_it_makes_anew_gets_what_it_lacks(make: Make) -> None:
    made = make(before_send=lambda event, hint: {"message": "another"})
    sent = made.client.capture_message("m")
    assert sent is not None
    assert made.event["message"] == "another"
    assert (made.event["event_id"], made.event["platform"]) == (sent, "python")


def test_what_it_changes_in_one_event_shows_in_no_other(make: Make) -> None:
    def decide(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        changed.append(event["level"])
        event["contexts"]["runtime"].clear()
        event["contexts"].clear()
        event["modules"].clear()
        event["breadcrumbs"]["values"][0]["message"] = "changed"
        frame = event["exception"]["values"][0]["stacktrace"]["frames"][-1]
        frame["pre_context"].clear()
        return event

    def error() -> Exception:
        try:
            raise ValueError
        except ValueError as caught:
            return caught

    changed: list[str] = []
    plain = make()
    made = make(before_send=decide)
    errors = [error(), error()]
    made.client.add_breadcrumb("crumb")
    plain.client.add_breadcrumb("crumb")
    try:
        made.client.capture_exception(errors[0])
        (crumb,) = made.client._scope.breadcrumbs_before(None)
        assert crumb["message"] == "crumb"
        plain.client.capture_exception(errors[1])
        assert plain.event["contexts"]["runtime"]["name"]
        assert plain.event["modules"]
        made_frames = made.events[0]["exception"]["values"][0]["stacktrace"]["frames"]
        assert made_frames[-1]["pre_context"] == []
    finally:
        from raven.events import surroundings

        surroundings.contexts.cache_clear()
        surroundings.modules.cache_clear()
