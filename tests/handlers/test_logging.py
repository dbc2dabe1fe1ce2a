"""The handler of `logging`: what is logged is captured, whatever it is, and the program goes on."""

from __future__ import annotations

import copy
import logging
import logging.config
import logging.handlers
import queue
import sys
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import pytest

import raven.handlers
from raven import Client, Stack, stage
from raven.errors import ConfigurationError, InvalidDsn
from raven.handlers.logging import SentryHandler
from raven.outcome import Outcome
from raven.own_log import not_capturing
from raven.pipeline import Queue, Serialize
from raven.request import Request, Response, Send
from raven.testing import MemorySink, ScriptedSink
from raven.testing.counting_server import CountingServer
from raven.transport.http import HTTPTransport
from tests.made import Made, Make
from tests.process.conftest import Start
from tests.test_client import DSN, Kept


@pytest.fixture
def made(make: Make) -> Made:
    return make()


@pytest.fixture
def log(made: Made) -> logging.Logger:
    """A logger that only the handler listens to."""
    logger = logging.Logger("shop.cart")
    logger.addHandler(SentryHandler(made.client))
    return logger


def test_a_line_is_a_message(made: Made, log: logging.Logger) -> None:
    log.error("%s of %s", 1, {"a": 2})
    event = made.event
    assert event["logentry"] == {"message": "%s of %s", "params": [1, {"a": 2}], "formatted": "1 of {'a': 2}"}
    assert (event["logger"], event["level"]) == ("shop.cart", "error")
    assert set(event["extra"]) == {"logged_by"}
    assert event["extra"]["logged_by"].endswith("in test_a_line_is_a_message")
    assert "threads" not in event


def test_arguments_may_go_by_name(made: Made, log: logging.Logger) -> None:
    log.error("%(a)s", {"a": 5})
    assert made.event["logentry"] == {"message": "%(a)s", "params": {"a": 5}, "formatted": "5"}


@pytest.mark.parametrize(
    ("level", "name"),
    [
        *((1, "debug"), (10, "debug"), (15, "debug"), (20, "info"), (25, "info"), (30, "warning"), (35, "warning")),
        *((40, "error"), (45, "error"), (50, "fatal"), (99, "fatal")),
    ],
)
def test_levels_have_sentrys_names(made: Made, level: int, name: str) -> None:
    logger = logging.Logger("shop")
    logger.addHandler(SentryHandler(made.client, level=1))
    logger.log(level, "x")
    assert made.event["level"] == name


def test_by_default_errors_are_captured_and_less_is_not(made: Made, log: logging.Logger) -> None:
    log.warning("no")
    log.error("yes")
    log.critical("yes")
    assert len(made.events) == 2
    log.handlers[0].setLevel("WARNING")
    log.warning("now")
    assert len(made.events) == 3


def error() -> ValueError:
    try:
        raise ValueError("no")
    except ValueError as caught:
        return caught


@pytest.mark.parametrize("how", ["exception", "True", "error", "tuple"])
def test_an_exception_is_captured_with_the_line(made: Made, log: logging.Logger, how: str) -> None:
    raised = error()
    exc_info: Any = {"error": raised, "tuple": (ValueError, raised, raised.__traceback__)}.get(how, True)
    try:
        raise raised
    except ValueError:
        if how == "exception":
            log.exception("failed: %s", 5)
        else:
            log.error("failed: %s", 5, exc_info=exc_info)
    (value,) = made.event["exception"]["values"]
    assert (value["type"], value["value"]) == ("ValueError", "no")
    assert value["mechanism"] == {"type": "logging", "handled": True, "exception_id": 0}
    assert made.event["logentry"]["formatted"] == "failed: 5"


@pytest.mark.parametrize("nothing", [None, False, True, (None, None, None), (), 0])
def test_without_an_exception_it_is_a_message(made: Made, log: logging.Logger, nothing: Any) -> None:
    log.error("x", exc_info=nothing)
    assert made.event["logentry"]["message"] == "x"
    assert "exception" not in made.event


@pytest.mark.parametrize(
    ("exc_info", "is_error"),
    [
        *((each, False) for each in (True, 5, "text", (ValueError,), (1, 2, 3))),
        *((each, True) for each in (error(), (ValueError, error(), None))),
    ],
)
def test_a_record_that_was_made_by_hand_may_have_anything_there(
    made: Made, log: logging.Logger, exc_info: Any, is_error: bool
) -> None:
    log.handle(logging.makeLogRecord({"msg": "x", "levelno": 40, "exc_info": exc_info}))
    assert made.event["logentry"]["message"] == "x"
    assert ("exception" in made.event) == is_error


def functions(event: dict[str, Any]) -> list[str]:
    return [frame["function"] for frame in event["threads"]["values"][0]["stacktrace"]["frames"]]


@pytest.mark.parametrize("given", [{"stack_info": True}, {"extra": {"stack": True}}])
def test_the_stack_ends_where_the_line_was_logged(made: Made, log: logging.Logger, given: Any) -> None:
    log.error("x", **given)
    assert functions(made.event)[-1] == "test_the_stack_ends_where_the_line_was_logged"
    assert "stack" not in made.event["extra"]


@pytest.mark.parametrize("other", [False, None, "stack of plates", ["a"], {}])
def test_what_else_is_called_stack_is_extra_data(made: Made, log: logging.Logger, other: Any) -> None:
    log.error("x", extra={"stack": other})
    assert "threads" not in made.event
    assert made.event["extra"]["stack"] == other


def test_what_extra_gives_is_on_the_event(made: Made, log: logging.Logger) -> None:
    log.error(
        "x",
        extra={
            "tags": {"a": 1},
            "user": {"id": 7},
            "request": {"url": "http://shop.example/"},
            "fingerprint": ["f"],
            "transaction": "t",
            "data": {"cart": [1], "user": "bob"},
            "other": {2},
        },
    )
    event = made.event
    assert event["tags"] == {"a": "1"}
    assert (event["user"], event["request"]["url"]) == ({"id": 7}, "http://shop.example/")
    assert (event["fingerprint"], event["transaction"]) == (["f"], "t")
    assert {name: value for name, value in event["extra"].items() if name != "logged_by"} == {
        "other": [2],
        "cart": [1],
        "user": "bob",
    }


class WsgiRequest:
    """Django's logs have such an object."""


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("tags", ["a", "b"], ["a", "b"]),
        ("tags", "a", "a"),
        ("user", "bob", "bob"),
        ("user", None, None),
        ("request", WsgiRequest(), None),
        ("fingerprint", "f", "f"),
        ("transaction", 5, 5),
        ("data", "text", "text"),
        ("data", [1], [1]),
        ("data", None, None),
        ("client", 5, 5),
        ("level", 5, 5),
        ("logger", "x", "x"),
        ("hint", "x", "x"),
        ("params", (1,), [1]),
    ],
)  # fmt: skip
def test_what_others_mean_by_the_same_name_is_extra_data(
    made: Made, log: logging.Logger, name: str, value: Any, shown: Any
) -> None:
    log.error("x", extra={name: value})
    assert name in made.event["extra"]
    if name != "request":
        assert made.event["extra"][name] == shown
        assert made.event.get(name) != shown or name in ("user", "data") or shown is None
    else:
        assert "request" not in made.event


def test_what_extra_gives_is_left_as_it_is(made: Made, log: logging.Logger) -> None:
    given = {"tags": {"a": 1}, "data": {"b": [1]}, "stack": True}
    before = copy.deepcopy(given)
    record = log.makeRecord("shop", 40, "p", 1, "m", (), None, extra=given)
    attributes = dict(vars(record))
    log.handle(record)
    assert given == before
    assert vars(record) == attributes


def test_the_handlers_tags_are_on_every_event_and_go_behind_the_records(made: Made) -> None:
    log = logging.Logger("shop")
    log.addHandler(SentryHandler(made.client, tags=MappingProxyType({"a": 1, "b": 1})))
    log.error("x")
    log.error("y", extra={"tags": {"b": 2}})
    assert [event["tags"] for event in made.events] == [{"a": "1", "b": "1"}, {"a": "1", "b": "2"}]


def test_no_secret_leaves(made: Made, log: logging.Logger) -> None:
    log.error("password=%s", "hidden1", extra={"token": "hidden2", "data": {"api_key": "hidden3"}})
    log.error("%(password)s is it", {"password": "hidden4"})
    log.error("https://me:hidden5@shop.example/")
    assert len(made.events) == 3
    for event in made.events:
        assert "hidden" not in str({**event, "breadcrumbs": None}).replace("hidden4 is it", "")


# Whatever is logged


HIDDEN_TEXT = "".join(["hidden", "text"])  # not a word that stands in the source


class Hostile:
    """Refuses whatever can be refused."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise RuntimeError(HIDDEN_TEXT)

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __getitem__ = __eq__ = refuse
    items = keys = __getattr__ = refuse
    __hash__ = None  # type: ignore[assignment]

    @property
    def __class__(self) -> Any:
        raise RuntimeError(HIDDEN_TEXT)

    @__class__.setter
    def __class__(self, value: object) -> None: ...


class HostileDict(dict[str, object]):
    keys = __iter__ = items = __bool__ = __len__ = Hostile.refuse


@pytest.mark.parametrize("name", ["stack", "tags", "data", "user", "request", "fingerprint", "transaction", "other"])
@pytest.mark.parametrize("hostile", [Hostile, lambda: HostileDict(a=1)], ids=["object", "dict"])
def test_hostile_values_cost_at_most_the_event(
    made: Made, log: logging.Logger, capsys: pytest.CaptureFixture[str], name: str, hostile: Any
) -> None:
    log.error("x", extra={name: hostile()})
    log.error("y")
    assert made.last["logentry"]["message"] == "y"
    assert len(made.events) == 2 or capsys.readouterr().err != ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("%d", "x"),
        ("%s %s", 1),
        ("%s", 1, 2),
        ("%(a)s", {"b": 1}),
        ("%(a)s", 1),
        ("100%", 1),
        ("%999999999d", 5),
        (5,),
        (None,),
        ({"a": 1},),
    ],
)  # fmt: skip
def test_a_line_that_can_not_be_formatted_is_captured_as_it_is(
    made: Made, log: logging.Logger, capsys: pytest.CaptureFixture[str], arguments: tuple[Any, ...]
) -> None:
    log.error(*arguments)
    assert made.event["logentry"]["message"] == str(arguments[0])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("where", ["message", "argument", "exception", "extra"])
def test_hostile_objects_are_captured_as_words(made: Made, log: logging.Logger, where: str) -> None:
    hostile: Any = Hostile()
    if where == "message":
        log.error(hostile)
    elif where == "argument":
        log.error("%s %s", 1, hostile)
    elif where == "exception":
        log.error("x", exc_info=ValueError(hostile))
    else:
        log.error("x", extra={"a": hostile})
    assert "<Hostile whose " in str(made.event)
    assert " raised RuntimeError>" in str(made.event)
    assert HIDDEN_TEXT not in str(made.event)


class Record(logging.LogRecord):
    """A record of the program's own, with attributes that nobody can show."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.own: Any = Hostile()

    def getMessage(self) -> NoReturn:
        raise RuntimeError("hiddentext")


def test_a_record_of_another_class_is_captured(made: Made, log: logging.Logger) -> None:
    log.handle(Record("shop", logging.ERROR, "path", 5, "%s", (1,), None))
    assert made.event["logentry"]["formatted"] == "1"
    assert "Hostile" in made.event["extra"]["own"]


@pytest.mark.parametrize("name", ["raven", "raven.client", "raven.delivery"])
def test_ravens_own_lines_are_not_captured(made: Made, name: str) -> None:
    logger = logging.Logger(name)
    logger.addHandler(SentryHandler(made.client))
    logger.error("x")
    assert made.events == []


def test_it_never_raises_where_the_client_is_broken(
    made: Made, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = log.handlers[0]
    handler.client = None  # type: ignore[attr-defined]
    log.error("x")
    assert "--- Logging error ---" in capsys.readouterr().err


def test_ctrl_c_goes_through() -> None:
    log = logging.Logger("shop")
    with Client(DSN, Kept(KeyboardInterrupt()), install_sys_hook=False) as client:
        log.addHandler(SentryHandler(client))
        with pytest.raises(KeyboardInterrupt):
            log.error("x")


# Nothing goes round, and nothing hangs


class Loud:
    """Its repr logs an error, through the same handler."""

    def __init__(self, log: logging.Logger) -> None:
        self.log, self.shown = log, 0

    def __repr__(self) -> str:
        self.shown += 1
        self.log.error("shown: %r", self)
        return "loud"


def test_a_repr_that_logs_errors_does_not_go_round(made: Made, log: logging.Logger) -> None:
    loud = Loud(log)
    log.error("%s", loud, extra={"loud": loud})
    assert made.last["logentry"]["formatted"] == "loud"
    assert made.last["extra"]["loud"] == "loud"
    assert loud.shown < 20
    assert len(made.events) < 20


class LoudTransport(Kept):
    """A transport that logs an error for each event."""

    def send(self, request: Request) -> None:
        super().send(request)
        LOUD.error("sending")

    def discard(self, request: Request, outcome: Outcome) -> None:
        super().discard(request, outcome)
        LOUD.error("discarding")


LOUD = logging.Logger("shop.transport")


def test_a_transport_that_logs_errors_does_not_go_round() -> None:
    transport = LoudTransport()
    with Client(DSN, transport, install_sys_hook=False, ignore_exceptions=[KeyError]) as client:
        LOUD.addHandler(SentryHandler(client))
        client.capture_message("x")
        client.capture_exception(KeyError())
        LOUD.handlers.clear()
    assert len(transport.events) <= 3
    assert transport.discarded == ["ignored"]


def test_a_delivery_that_fails_and_is_logged_is_not_captured(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger()
    sink = ScriptedSink([ValueError("no")])
    with Client(DSN, Stack(Serialize(), sink=sink), install_sys_hook=False) as client:
        handler = SentryHandler(client, level=1)
        log.addHandler(handler)
        try:
            logging.getLogger("shop").error("x")
        finally:
            log.removeHandler(handler)
        assert client.stats().accepted == 1
    assert any(record.name == "raven.delivery" for record in caplog.records)


def test_two_locks_taken_in_another_order_do_not_hang_the_program(made: Made, log: logging.Logger) -> None:
    lock = threading.Lock()
    held, shown = threading.Event(), threading.Event()
    got: list[bool] = []

    class Account:
        def __repr__(self) -> str:
            shown.set()
            got.append(lock.acquire(timeout=5))
            lock.release()
            return "account"

    def other() -> None:
        with lock:
            held.set()
            assert shown.wait(10)
            log.error("logged while the lock is held")

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(10)
    log.error("x", extra={"account": Account()})
    thread.join()
    assert got == [True]
    assert len(made.events) == 2


def test_nothing_is_captured_where_nothing_is_to_be_captured(made: Made, log: logging.Logger) -> None:
    with not_capturing():
        log.error("of a delivery")
        assert made.client.capture_message("of a delivery") is None
    log.error("of the program")
    assert made.event["logentry"]["message"] == "of the program"
    assert "breadcrumbs" not in made.event


@pytest.mark.parametrize("transport", [HTTPTransport, None])
def test_what_urllib3_logs_while_it_delivers_is_not_captured(transport: Any) -> None:
    root, level = logging.getLogger(), logging.getLogger().level
    with CountingServer() as server, Client(server.dsn, transport, install_sys_hook=False) as client:
        handler = SentryHandler(client, level=1)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            logging.getLogger("shop").error("x")
            assert client.flush(10)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        assert client.stats().accepted == 1


def test_the_line_is_no_breadcrumb_of_its_own_event(made: Made, log: logging.Logger) -> None:
    log.error("first")
    log.error("second")
    crumbs = [[each["message"] for each in event.get("breadcrumbs", {"values": []})["values"]] for event in made.events]
    assert crumbs == [[], ["first"]]


# Between other handlers


def test_through_a_queue_it_comes_with_its_text(made: Made) -> None:
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    handler = SentryHandler(made.client)
    listener = logging.handlers.QueueListener(lines, handler, respect_handler_level=True)
    log = logging.Logger("shop")
    log.addHandler(logging.handlers.QueueHandler(lines))
    listener.start()
    log.error("%s of %s", 1, 2, extra={"tags": {"a": 1}})
    log.info("too little")
    log.error("stack", stack_info=True)
    log.error("stack", extra={"stack": True})
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("failed")
    listener.stop()
    message, stack_info, stack, failed = made.events
    assert (message["logentry"]["formatted"], message["tags"]) == ("1 of 2", {"a": "1"})
    assert (message["logger"], message["level"]) == ("shop", "error")
    # The stack of the listener's thread would be of no use.
    assert "threads" not in stack_info
    assert "threads" not in stack
    assert failed["logentry"]["formatted"].startswith("failed")
    assert "ValueError: no" in failed["logentry"]["formatted"]


def test_through_a_memory_handler_it_comes_late_and_whole(made: Made) -> None:
    memory = logging.handlers.MemoryHandler(100, logging.CRITICAL, SentryHandler(made.client))
    log = logging.Logger("shop")
    log.addHandler(memory)
    log.error("a %s", 1)
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("b")
    assert made.events == []
    log.critical("c")
    assert [event["logentry"]["formatted"] for event in made.events] == ["a 1", "b", "c"]
    assert made.events[1]["exception"]["values"][0]["type"] == "ValueError"
    memory.close()


def test_a_filter_may_replace_the_record(made: Made, log: logging.Logger) -> None:
    def replace(record: logging.LogRecord) -> Any:
        replaced = copy.copy(record)
        replaced.msg = "another"
        return replaced

    log.handlers[0].addFilter(replace)
    log.error("x")
    # Before Python 3.12, what a filter returns only says yes or no.
    assert made.event["logentry"]["message"] == ("another" if sys.version_info >= (3, 12) else "x")


def test_what_a_stage_logs_while_it_delivers_is_not_captured_in_turn(made: Made) -> None:
    delivery = logging.Logger("shop.delivery")
    delivered = threading.Semaphore(0)

    @stage
    async def complain(request: Request, send: Send) -> Response:
        delivery.error("this one is hard to deliver")
        response = await send(request)
        delivered.release()
        return response

    with Client(DSN, Stack(Serialize(), Queue(), complain, sink=MemorySink())) as client:
        delivery.addHandler(SentryHandler(client))
        client.capture_message("the only one")
        assert delivered.acquire(timeout=10)
        assert client.flush(10)
        assert client.stats().accepted == 1


def test_a_filter_may_drop_the_record(made: Made, log: logging.Logger) -> None:
    log.handlers[0].addFilter(lambda record: record.msg != "drop")
    log.error("drop")
    log.error("keep")
    assert made.event["logentry"]["message"] == "keep"


# dictConfig


@pytest.fixture
def configured() -> Iterator[Any]:
    """`configured(handler, ...)` configures a logger "shop.configured" with it, and undoes that."""
    log = logging.getLogger("shop.configured")

    def configure(handler: Mapping[str, Any], **others: Any) -> logging.Logger:
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "incremental": False,
                "handlers": {"sentry": {"class": "raven.handlers.logging.SentryHandler", **handler}},
                "loggers": {"shop.configured": {"handlers": ["sentry"], "level": "DEBUG", "propagate": False}},
                **others,
            }
        )
        return log

    yield configure
    for handler in log.handlers:
        handler.close()
    log.handlers.clear()


def handler_of(log: logging.Logger) -> SentryHandler:
    (handler,) = log.handlers
    assert isinstance(handler, SentryHandler)
    return handler


def test_a_configuration_may_have_a_dsn(configured: Any) -> None:
    with CountingServer() as server:
        log = configured({"dsn": server.dsn, "level": "WARNING", "tags": {"a": 1}, "install_sys_hook": False})
        log.info("no")
        log.warning("yes")
        handler = handler_of(log)
        assert handler.level == logging.WARNING
        handler.close()
        assert not handler.client.enabled
        (received,) = server.received
        assert received.json()["tags"] == {"a": "1"}
        log.warning("closed")
        assert len(server.received) == 1


def test_a_configuration_may_name_a_client(configured: Any, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raven.handlers, "client_of_test", made.client, raising=False)
    log = configured(
        {"client": "ext://raven.handlers.client_of_test", "filters": ["only"]},
        filters={"only": {"name": "shop.configured.part"}},
    )
    logging.getLogger("shop.configured.part").error("yes")
    log.error("filtered")
    assert made.event["logentry"]["message"] == "yes"
    handler = handler_of(log)
    assert handler.level == logging.ERROR
    handler.close()
    assert made.client.enabled


@pytest.mark.parametrize("dsn", ["", None])
def test_without_a_dsn_it_does_nothing(configured: Any, monkeypatch: pytest.MonkeyPatch, dsn: str | None) -> None:
    monkeypatch.delenv("SENTRY_DSN", raising=False)
    log = configured({"dsn": dsn})
    assert not handler_of(log).client.enabled
    log.error("x", exc_info=ValueError())


def test_the_dsn_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", DSN)
    handler = SentryHandler(install_sys_hook=False)
    assert handler.client.enabled
    handler.close()


HIDDEN = "http://hiddenpublic@sentry.example/hidden"


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((5,), {}, "client: a Client or a DSN is accepted, not int"),
        ((b"hidden",), {}, "client: a Client or a DSN is accepted, not bytes"),
        ((object(),), {}, "client: a Client or a DSN is accepted, not object"),
        ((Client,), {}, "client: a Client or a DSN is accepted, not type"),
        (("hidden",), {}, "invalid DSN: "),
        ((), {"dsn": 5}, "invalid DSN: "),
        ((DSN,), {"dsn": DSN}, "client, dsn: one DSN is accepted, not two"),
        ((Client(""),), {"dsn": DSN}, "client: with a client of yours, no dsn"),
        ((Client(""),), {"release": "hidden"}, "client: with a client of yours, no dsn"),
        (("",), {"tags": "hidden"}, "tags: a mapping of names to values is accepted, not str"),
        (("",), {"tags": ["hidden"]}, "tags: a mapping of names to values is accepted, not list"),
        (("",), {"level": "hidden"}, "level: a level of logging is accepted"),
        (("",), {"level": None}, "level: a level of logging is accepted"),
        (("",), {"level": 1.5}, "level: a level of logging is accepted"),
        (("",), {"sample_rate": "hidden"}, "sample_rate: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_without_its_value(arguments: Any, options: Any, says: str) -> None:
    before = list(logging._handlerList)  # type: ignore[attr-defined]
    factory = logging.getLogRecordFactory()
    with pytest.raises(ConfigurationError) as raised:
        SentryHandler(*arguments, **options)
    assert str(raised.value).startswith(says)
    assert "hidden" not in str(raised.value)
    assert isinstance(raised.value, (ConfigurationError, InvalidDsn))
    del raised
    assert logging.getLogRecordFactory() is factory
    assert len(logging._handlerList) <= len(before) + 1  # type: ignore[attr-defined]


def test_to_close_it_closes_only_a_client_of_its_own(made: Made) -> None:
    handler = SentryHandler(made.client)
    handler.close()
    handler.close()
    assert made.client.enabled
    own = SentryHandler(DSN, transport=Kept(), install_sys_hook=False)
    own.close()
    own.close()
    assert not own.client.enabled


# In real processes


def test_what_was_logged_last_is_delivered_at_exit(server: CountingServer, start: Start) -> None:
    source = """
        import logging
        from raven.handlers.logging import SentryHandler
        logging.basicConfig(level=logging.INFO, handlers=[SentryHandler(DSN)])
        for number in range(20):
            logging.error("%s", number)
        logging.getLogger("shop").info("too little")
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert sorted(int(each.json()["logentry"]["formatted"]) for each in server.received) == list(range(20))


@pytest.mark.parametrize("answer", [500, 400, "close"])
def test_an_exit_does_not_hang_when_what_fails_is_logged_as_well(start: Start, answer: Any) -> None:
    source = """
        import logging
        from raven.handlers.logging import SentryHandler
        handler = SentryHandler(DSN + "?attempts=1", level=1)
        logging.basicConfig(level=logging.DEBUG, handlers=[handler])
        logging.error("one")
        say("exits", time.monotonic())
        logging.shutdown()
        say("stats", handler.client.stats().accepted)
    """
    with CountingServer(lambda number: answer) as server:
        ended = start(source, server.dsn).end()
    assert ended.code == 0
    assert ended.said("stats") == ["1"]
    assert ended.exit_seconds < 2.0


def test_a_configuration_that_is_replaced_while_something_is_delivered_does_not_hang(
    server: CountingServer, start: Start
) -> None:
    source = """
        import logging.config
        sentry = {"class": "raven.handlers.logging.SentryHandler", "dsn": DSN}
        config = {"version": 1, "handlers": {"sentry": sentry}, "root": {"handlers": ["sentry"], "level": "DEBUG"}}
        logging.config.dictConfig(config)
        logging.error("one")
        began = time.monotonic()
        logging.config.dictConfig(config)
        say("took", time.monotonic() - began)
        logging.error("two")
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert sorted(each.json()["logentry"]["formatted"] for each in server.received) == ["one", "two"]
    assert float(ended.said("took")[0]) < 3.0
