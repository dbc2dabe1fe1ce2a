"""What is known while something happens: it goes with the thread, task or greenlet, and ends with its block."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import logging
import threading
import traceback
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import gevent
import pytest
from greenlet import greenlet

from raven import Client
from raven.own_log import Sparingly
from tests.made import Made, Make

USER = {"id": 7}


def tags_of(made: Made) -> dict[str, str]:
    made.client.capture_message("which tags?")
    tags: dict[str, str] = made.last.get("tags", {})
    return tags


# What can be known


@pytest.mark.parametrize("block", [True, False], ids=["context", "add_context"])
def test_each_part_is_on_the_events_that_follow(make: Make, block: bool) -> None:
    made = make()
    parts: Any = {
        "user": USER,
        "tags": {"shop": 1},
        "extra": {"cart": [1]},
        "request": {"url": "http://shop.example/"},
        "level": "warning",
        "fingerprint": ["f"],
        "transaction": "checkout",
    }
    made.client.capture_message("before")
    if block:
        with made.client.context(**parts):
            made.client.capture_message("in")
        made.client.capture_message("after")
    else:
        made.client.add_context(**parts)
        made.client.capture_exception(ValueError())
    before, known = made.events[:2]
    assert {name: known[name] for name in parts} == {**parts, "tags": {"shop": "1"}}
    for event in (before, *made.events[2:]):
        assert event["level"] == "error"
        assert not set(event) & (set(parts) - {"level"})


def test_the_client_is_least_then_the_context_then_the_call_then_data(make: Make) -> None:
    made = make(tags={"client": 0, "context": 0, "call": 0, "data": 0})
    nothing: Any = {"user": None, "level": None}
    with made.client.context(
        tags={"context": 1, "call": 1, "data": 1}, extra={"context": 1, "call": 1}, user={"id": 1}, level="info"
    ):
        made.client.capture_message("context")
        made.client.capture_message(
            "call", tags={"call": 2, "data": 2}, extra={"call": 2}, user={"id": 2}, level="fatal"
        )
        made.client.capture_message("data", user={"id": 2}, level="fatal", data={"user": {"id": 3}, "level": "debug"})
        made.client.capture_message("none", **nothing)
        made.client.capture({"message": "own", "user": {"id": 4}}, level="fatal")
    context, call, data, none, own = made.events
    assert context["tags"] == {"client": "0", "context": "1", "call": "1", "data": "1"}
    assert (context["user"], context["level"], context["extra"]) == ({"id": 1}, "info", {"context": 1, "call": 1})
    assert call["tags"] == {"client": "0", "context": "1", "call": "2", "data": "2"}
    assert (call["user"], call["level"], call["extra"]) == ({"id": 2}, "fatal", {"context": 1, "call": 2})
    assert (data["user"], data["level"]) == ({"id": 3}, "debug")
    assert ("user" in none, none["level"]) == (False, "error")
    assert (own["user"], own["level"], own["tags"]["context"]) == ({"id": 4}, "fatal", "1")


def test_blocks_in_blocks_add_tags_and_extra_and_replace_the_rest(make: Make) -> None:
    made = make()
    with made.client.context(tags={"a": 1}, extra={"x": 1}, user={"id": 1}, fingerprint=["a"]):
        made.client.add_context(tags={"b": 1}, transaction="t")
        with made.client.context(tags={"a": 2, "c": 2}, extra={"y": 2}, user={"name": "n"}):
            made.client.add_context(tags={"d": 2}, user=None)
            made.client.capture_message("inner")
        made.client.capture_message("outer")
    made.client.capture_message("after")
    inner, outer, after = made.events
    assert inner["tags"] == {"a": "2", "b": "1", "c": "2", "d": "2"}
    assert inner["extra"] == {"x": 1, "y": 2}
    assert "user" not in inner
    assert (outer["tags"], outer["extra"], outer["user"]) == ({"a": "1", "b": "1"}, {"x": 1}, {"id": 1})
    assert outer["transaction"] == "t"
    assert not {"tags", "extra", "user", "fingerprint", "transaction"} & set(after)


def test_what_was_given_is_not_changed_and_changes_nothing_later(make: Make) -> None:
    made = make()
    tags: dict[str, object] = {"a": 1}
    with made.client.context(tags=tags):
        tags["late"] = 1
        with made.client.context(tags={"b": 2}):
            pass
        assert tags_of(made) == {"a": "1"}
    assert tags == {"a": 1, "late": 1}


def test_each_client_knows_only_what_it_was_told(make: Make) -> None:
    one, other = make(), make()
    with one.client.context(tags={"a": 1}):
        one.client.add_breadcrumb("hi")
        assert (tags_of(one), tags_of(other)) == ({"a": "1"}, {})
        assert (one.crumbs, other.crumbs) == (["hi"], [])


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_an_exception_ends_the_block_and_goes_through_it(make: Make, error: type[BaseException]) -> None:
    made = make()
    raised = error()
    with pytest.raises(error) as caught, made.client.context(tags={"a": 1}):
        raise raised
    assert caught.value is raised
    assert tags_of(made) == {}
    assert [frame.name for frame in traceback.extract_tb(raised.__traceback__)] == [
        "test_an_exception_ends_the_block_and_goes_through_it"
    ]


def test_one_block_can_be_entered_again_and_within_itself(make: Make) -> None:
    made = make()
    block = made.client.context(tags={"a": 1})
    for _ in range(2):
        with block:
            with block:
                assert tags_of(made) == {"a": "1"}
            assert tags_of(made) == {"a": "1"}
        assert tags_of(made) == {}


class Broken(dict[str, object]):
    """A mapping that can't be read."""

    def keys(self) -> NoReturn:
        raise RuntimeError("hiddentext")

    __iter__ = keys


@pytest.mark.parametrize("wrong", [5, "text", ["a"], [("a", 1)], Broken(a=1)], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("name", ["tags", "extra"])
def test_what_is_no_mapping_is_told_in_words(make: Make, name: str, wrong: Any) -> None:
    made = make()
    given: Any = {name: wrong, "user": USER}
    with made.client.context(**given):
        made.client.add_context(**given)
        made.client.capture_message("x")
    assert made.event[name] == {name: f"<{type(wrong).__name__} that is no mapping>"}
    assert made.event["user"] == USER


def test_what_a_context_does_not_have_is_left_out_with_a_word(
    make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raven.client._log", Sparingly(logging.getLogger("raven.client")))
    made = make()
    wrong: Any = {"usr": "hidden", "tags": {"a": 1}}
    with made.client.context(**wrong):
        assert tags_of(made) == {"a": "1"}
    assert caplog.messages == ["a context has no usr; what it said was left out"]


def test_a_client_that_is_disabled_or_closed_has_contexts_all_the_same(make: Make) -> None:
    disabled, closed = Client(""), make().client
    closed.close()
    for client in (disabled, closed):
        with client.context(tags={"a": 1}):
            client.add_context(user=USER)
            client.add_breadcrumb("hi")


# Threads, tasks, greenlets


def test_a_thread_begins_with_nothing_and_keeps_what_it_adds(make: Make) -> None:
    made = make()
    seen: list[dict[str, str]] = []
    meet = threading.Barrier(8)

    def work(number: int) -> None:
        seen.append(tags_of(made))
        with made.client.context(tags={"n": number}):
            meet.wait(10)
            made.client.capture_message(str(number))
            meet.wait(10)

    with made.client.context(tags={"main": 1}), ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert seen == [{}] * 8
    own = [event for event in made.events if event["logentry"]["message"].isdigit()]
    assert len(own) == 8
    assert all(event["tags"] == {"n": event["logentry"]["message"]} for event in own)


def test_a_task_knows_what_was_known_where_it_was_made_and_what_it_adds_is_its_own(make: Make) -> None:
    made = make()

    async def work(number: int) -> None:
        made.client.add_context(tags={"n": number})
        made.client.add_breadcrumb(f"crumb {number}")
        with made.client.context(user={"id": number}):
            await asyncio.sleep(0)
            await asyncio.gather(*(deeper(number, each) for each in range(3)))
            made.client.capture_message(f"{number}")

    async def deeper(number: int, each: int) -> None:
        made.client.add_context(tags={"each": each})
        await asyncio.sleep(0)
        made.client.capture_message(f"{number} {each}")

    async def program() -> None:
        with made.client.context(tags={"outer": 1}):
            await asyncio.gather(*map(work, range(100)))
            assert tags_of(made) == {"outer": "1"}
            assert made.crumbs == []

    asyncio.run(program())
    events = [event for event in made.events if event["logentry"]["message"][0].isdigit()]
    assert len(events) == 400
    for event in events:
        number, *each = event["logentry"]["message"].split()
        assert event["tags"] == {"outer": "1", "n": number, **({"each": each[0]} if each else {})}
        assert event["user"] == {"id": int(number)}
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == [f"crumb {number}"]


def test_a_copied_context_has_a_copy(make: Make) -> None:
    made = make()
    with made.client.context(tags={"a": 1}):
        copied = contextvars.copy_context()
        copied.run(made.client.add_context, tags={"b": 2})
        copied.run(made.client.add_breadcrumb, "there")
        assert tags_of(made) == {"a": "1"}
    assert copied.run(tags_of, made) == {"a": "1", "b": "2"}
    assert copied.run(lambda: made.crumbs) == ["there"]
    assert made.crumbs == []
    assert contextvars.Context().run(tags_of, made) == {}


def test_to_thread_takes_what_is_known_along(make: Make) -> None:
    made = make()

    async def program() -> dict[str, str]:
        with made.client.context(tags={"a": 1}):
            return await asyncio.to_thread(tags_of, made)

    assert asyncio.run(program()) == {"a": "1"}


def test_an_async_generator_that_is_closed_in_another_task_takes_nothing_from_it(make: Make) -> None:
    made = make()

    async def numbers() -> AsyncIterator[int]:
        with made.client.context(tags={"generator": 1}):
            yield 1

    async def begin() -> Any:
        made.client.add_context(tags={"begun": 1}, user=USER)
        generator = numbers()
        await generator.__anext__()
        return generator

    async def end(generator: Any) -> dict[str, str]:
        made.client.add_context(tags={"ended": 1})
        await generator.aclose()
        return tags_of(made)

    async def program() -> dict[str, str]:
        generator = await asyncio.create_task(begin())
        return await asyncio.create_task(end(generator))

    assert asyncio.run(program()) == {"ended": "1"}
    assert "user" not in made.last


def test_generators_that_end_in_any_order_leave_nothing_behind(make: Make) -> None:
    made = make()

    def block(name: str) -> Generator[None, None, None]:
        with made.client.context(tags={name: 1}):
            yield

    for order in ((0, 1), (1, 0)):
        with made.client.context(tags={"outer": 1}):
            generators = [block("a"), block("b")]
            for generator in generators:
                next(generator)
            assert tags_of(made) == {"outer": "1", "a": "1", "b": "1"}
            for at in order:
                generators[at].close()
            assert tags_of(made) == {"outer": "1"}
    with made.client.context(tags={"outer": 1}):
        left_open = block("open")
        next(left_open)
    assert tags_of(made) == {}
    left_open.close()
    assert tags_of(made) == {}


def test_each_greenlet_has_its_own(make: Make) -> None:
    made = make()

    def work(number: int) -> None:
        made.client.add_context(tags={f"n{number}": number})
        made.client.add_breadcrumb(str(number))
        with made.client.context(user={"id": number}):
            main.switch()
            made.client.capture_message(f"in {number}")
            main.switch()

    with made.client.context(tags={"main": 1}):
        main = greenlet(lambda: None).parent
        workers = [greenlet(work) for _ in range(5)]
        for number, worker in enumerate(workers):
            worker.switch(number)
        for worker in workers:
            worker.switch()
        assert tags_of(made) == {"main": "1"}
        for worker in workers:
            worker.switch()
        assert made.crumbs == []
    events = [event for event in made.events if event["logentry"]["message"].startswith("in ")]
    assert [event["user"]["id"] for event in events] == list(range(5))
    for number, event in enumerate(events):
        assert event["tags"] == {f"n{number}": str(number)}
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == [str(number)]


def test_greenlets_of_gevent_that_wait_in_a_block_are_not_mixed_up(make: Make) -> None:
    made = make()

    def work(number: int) -> None:
        made.client.add_context(tags={"n": number})
        with made.client.context(user={"id": number}):
            gevent.sleep(0)
            made.client.add_breadcrumb(str(number))
            gevent.sleep(0)
            made.client.capture_message(f"in {number}")
        gevent.sleep(0)
        made.client.capture_message(f"after {number}")

    with made.client.context(transaction="main"):
        gevent.joinall([gevent.spawn(work, number) for number in range(50)], raise_error=True)
        made.client.capture_message("main")
    *events, last = made.events
    assert len(events) == 100
    for event in events:
        where, number = event["logentry"]["message"].split()
        assert event["tags"] == {"n": number}
        assert event.get("user") == ({"id": int(number)} if where == "in" else None)
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == [number]
    assert last["transaction"] == "main"
    assert not {"tags", "user", "breadcrumbs"} & set(last)


# Breadcrumbs


@pytest.mark.parametrize("most", [0, 1, 3, 100, 1_000])
def test_as_many_breadcrumbs_are_kept_as_were_asked_for_the_newest(make: Make, most: int) -> None:
    made = make(max_breadcrumbs=most)
    for number in range(most + 5):
        made.client.add_breadcrumb(str(number))
    assert made.crumbs == [str(number) for number in range(5, most + 5)]


def test_a_breadcrumb_has_what_it_was_given(make: Make) -> None:
    made = make()
    made.client.add_breadcrumb("%s of %s", params=(1, 2), category="cart", level="error", type="http", data={"a": [1]})
    made.client.add_breadcrumb()
    made.client.add_breadcrumb("old", timestamp=5)
    assert len(made.crumbs) == 3
    given, empty, old = made.last["breadcrumbs"]["values"]
    assert {**given, "timestamp": 0} == {
        "message": "1 of 2",
        "category": "cart",
        "level": "error",
        "type": "http",
        "data": {"a": [1]},
        "timestamp": 0,
    }
    assert (empty["level"], empty["type"], "message" in empty) == ("info", "default", False)
    assert given["timestamp"] <= empty["timestamp"]
    assert old["timestamp"] == 5


def test_breadcrumbs_outlive_the_block_that_they_were_left_in(make: Make) -> None:
    made = make()
    with made.client.context(tags={"a": 1}):
        made.client.add_breadcrumb("in")
        with made.client.context(tags={"b": 1}):
            made.client.add_breadcrumb("deeper")
    assert made.crumbs == ["in", "deeper"]


def test_a_breadcrumb_has_no_secrets_and_a_bound(make: Make) -> None:
    made = make()
    big = [["x" * 900] * 20] * 20
    made.client.add_breadcrumb("password=hidden1", data={"token": "hidden2", "big": big, "long": "y" * 5_000})
    made.client.add_breadcrumb("%s", params=({"api_key": "hidden3"},))
    made.client.add_breadcrumb("z" * 50_000)
    assert len(made.crumbs) == 3
    text = str(made.last["breadcrumbs"])
    assert "hidden" not in text
    assert len(text) < 40_000


@pytest.fixture
def shop() -> logging.Logger:
    """A logger that nobody listens to, so that nothing formats its lines but what Raven does."""
    logger = logging.Logger("shop.unformatted")
    logger.addHandler(logging.NullHandler())
    return logger


class Loud:
    """Its repr captures, logs and leaves breadcrumbs."""

    def __init__(self, client: Client, log: logging.Logger) -> None:
        self.client, self.log = client, log

    def __repr__(self) -> str:
        self.log.error("repr of %r", self)
        self.client.add_breadcrumb("repr", data={"self": self})
        self.client.capture_message("repr %s", params=(self,))
        return "loud"


def test_a_value_that_captures_when_it_is_shown_does_not_go_round_for_ever(make: Make, shop: logging.Logger) -> None:
    made = make()
    loud = Loud(made.client, shop)
    made.client.add_breadcrumb("crumb", data={"loud": loud})
    made.client.capture_message("event", extra={"loud": loud})
    assert made.last["extra"] == {"loud": "loud"}
    assert len(made.events) < 20


class Hostile:
    """It raises when it is shown."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error

    __repr__ = __str__


def test_what_is_logged_is_a_breadcrumb(make: Make) -> None:
    made = make()
    log = logging.getLogger("shop.cart")
    log.setLevel(logging.DEBUG)
    log.debug("not this")
    log.info("%s of %s", 1, 2)
    log.warning("%(a)s", {"a": 5})
    log.log(35, "between")
    logging.getLogger("raven.client").warning("not ours")
    logging.getLogger("raven").warning("nor this")
    logging.getLogger("ravenous").warning("but this")
    assert made.crumbs == ["1 of 2", "5", "between", "but this"]
    crumbs = made.last["breadcrumbs"]["values"]
    assert [crumb["level"] for crumb in crumbs] == ["info", "warning", "warning", "warning"]
    assert [crumb["category"] for crumb in crumbs] == ["shop.cart"] * 3 + ["ravenous"]
    assert {crumb["type"] for crumb in crumbs} == {"log"}


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("%d", "x"), "%d"),
        (("%s %s", 1), "%s %s"),
        (("%s", 1, 2), "%s"),
        (("%(a)s", {"b": 1}), "%(a)s"),
        (("%(a)s", 1), "%(a)s"),
        (("100%",), "100%"),
        (("%s", Hostile(ValueError("hidden"))), "<Hostile whose str raised "),
        (("%s", Hostile(SystemExit("hidden"))), "<Hostile whose str raised "),
        ((Hostile(ValueError("hidden")),), "<Hostile whose str raised ValueError>"),
        ((5,), "5"),
        ((None,), "None"),
        (("%999999999d", 5), "%999999999d"),
        (("password=%s", "hidden"), "password=[Filtered]"),
    ],
)
def test_a_line_with_arguments_that_do_not_fit_is_a_breadcrumb_too(
    make: Make, shop: logging.Logger, arguments: tuple[Any, ...], shown: str
) -> None:
    made = make()
    shop.info(*arguments)
    (crumb,) = made.crumbs
    assert str(crumb).startswith(shown)
    assert "hidden" not in str(crumb)


def test_a_record_that_was_made_elsewhere_is_none(make: Make) -> None:
    made = make()
    record = logging.makeLogRecord({"name": "shop", "levelno": logging.ERROR, "msg": "from another process"})
    logging.getLogger("shop").handle(record)
    assert made.crumbs == []


def test_without_the_logging_hook_nothing_logged_is_a_breadcrumb(make: Make) -> None:
    made = make(install_logging_hook=False)
    logging.getLogger("shop").error("x")
    made.client.add_breadcrumb("own")
    assert made.crumbs == ["own"]


# before_breadcrumb


def test_before_breadcrumb_may_change_replace_and_drop(make: Make) -> None:
    hints: list[dict[str, Any]] = []

    def decide(crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
        hints.append(hint)
        message = crumb["message"]
        if message == "drop":
            return None
        if message == "replace":
            return {"message": "another", "data": {"password": "hidden", "big": ["x" * 9_000] * 5}}
        crumb["message"] = message.upper()
        crumb["data"] = {"token": "hidden"}
        return crumb

    made = make(before_breadcrumb=decide)
    made.client.add_breadcrumb("change", hint={"mine": 1})
    made.client.add_breadcrumb("drop")
    made.client.add_breadcrumb("replace")
    logging.getLogger("shop").warning("drop")
    assert made.crumbs == ["CHANGE", "another"]
    assert hints[:3] == [{"mine": 1}, {}, {}]
    assert hints[3]["log_record"].name == "shop"
    assert "hidden" not in str(made.last)


@pytest.mark.parametrize("error", [ValueError("hidden"), SystemExit("hidden"), GeneratorExit(), RecursionError()])
def test_a_before_breadcrumb_that_raises_keeps_the_breadcrumb(
    make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr("raven.capture.ask._log", Sparingly(logging.getLogger("raven.client")))

    def decide(crumb: dict[str, Any], hint: dict[str, Any]) -> NoReturn:
        raise error

    made = make(before_breadcrumb=decide)
    made.client.add_breadcrumb("a")
    made.client.add_breadcrumb("b")
    assert made.crumbs == ["a", "b"]
    assert caplog.messages == [f"before_breadcrumb raised {type(error).__name__}; what it was asked about is kept"]


@pytest.mark.parametrize("rubbish", [5, "text", ["a"], (), True, object(), dict])
def test_a_before_breadcrumb_that_returns_rubbish_keeps_the_breadcrumb(make: Make, rubbish: Any) -> None:
    made = make(before_breadcrumb=lambda crumb, hint: rubbish)
    made.client.add_breadcrumb("a")
    assert made.crumbs == ["a"]


def test_ctrl_c_in_before_breadcrumb_goes_through(make: Make) -> None:
    def decide(crumb: dict[str, Any], hint: dict[str, Any]) -> NoReturn:
        raise KeyboardInterrupt

    made = make(before_breadcrumb=decide)
    with pytest.raises(KeyboardInterrupt):
        made.client.add_breadcrumb("a")


def test_what_before_breadcrumb_does_itself_is_not_captured(make: Make) -> None:
    calls: list[object] = []

    def decide(crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        calls.append(crumb["message"])
        logging.getLogger("shop").error("in before_breadcrumb")
        made.client.add_breadcrumb("its own")
        assert made.client.capture_message("its own") is None
        return crumb

    made = make(before_breadcrumb=decide)
    made.client.add_breadcrumb("a")
    logging.getLogger("shop").error("b")
    assert made.crumbs == ["a", "b"]
    assert calls == ["a", "b"]
    assert len(made.events) == 1


def test_a_breadcrumb_that_is_kept_is_none_of_before_breadcrumbs_objects(make: Make) -> None:
    kept: list[dict[str, Any]] = []

    def decide(crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
        kept.append(crumb)
        return crumb

    made = make(before_breadcrumb=decide)
    made.client.add_breadcrumb("a", data={"b": [1]})
    before = copy.deepcopy(kept[0])
    kept[0]["data"]["b"].append(2)
    assert made.crumbs == ["a"]
    assert made.last["breadcrumbs"]["values"] == [before]
