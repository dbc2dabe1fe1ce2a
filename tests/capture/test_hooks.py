"""What nobody catches is captured, in real processes; and the places where it is heard of are left as they were found."""

from __future__ import annotations

import asyncio
import itertools
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from raven import Client
from raven.capture import hooks
from raven.own_log import Sparingly
from raven.testing.counting_server import CountingServer
from tests.made import Make
from tests.process.conftest import Start
from tests.process.program import environment
from tests.test_client import DSN, Kept


def mechanisms(server: CountingServer) -> list[tuple[str, str, str, bool]]:
    found = []
    for each in server.received:
        event = each.json()
        value = event["exception"]["values"][-1]
        found.append((value["type"], event["level"], value["mechanism"]["type"], value["mechanism"]["handled"]))
    return sorted(found)


# In real processes


@pytest.mark.smoke
def test_what_ends_the_program_is_fatal(server: CountingServer, start: Start) -> None:
    ended = start("client = Client(DSN)\n{}['missing']", server.dsn).end()
    assert ended.code == 1
    assert ended.stderr.startswith("Traceback (most recent call last):\n")
    assert ended.complaints[-1] == "KeyError: 'missing'"
    assert mechanisms(server) == [("KeyError", "fatal", "excepthook", False)]
    frames = server.received[0].json()["exception"]["values"][0]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["<module>"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("sys.exit(3)", 3),
        ("raise SystemExit", 0),
        ("os.kill(os.getpid(), __import__('signal').SIGINT); time.sleep(30)", -2),
        ("raise KeyboardInterrupt", -2),
        ("sys.ps1 = '> '; 1 / 0", 1),
        ("client.close(); 1 / 0", 1),
        ("client.close(); client.close(); 1 / 0", 1),
        ("threading.Thread(target=sys.exit).start()", 0),
    ],
)
def test_what_is_no_error_of_the_programs_is_not_captured(
    server: CountingServer, start: Start, source: str, code: int
) -> None:
    ended = start(f"client = Client(DSN)\n{source}", server.dsn).end()
    assert ended.code == code
    assert server.received == []


def test_a_prompt_goes_on_and_nothing_is_captured(server: CountingServer) -> None:
    done = subprocess.run(
        [sys.executable, "-i", "-q"],
        input=f"from raven import Client\nclient = Client({server.dsn!r})\n1 / 0\nprint('on', client.stats().accepted)\n",
        capture_output=True,
        text=True,
        timeout=30,
        env=environment({}),
    )
    assert "ZeroDivisionError" in done.stderr
    assert "on 0" in done.stdout
    assert server.received == []


@pytest.mark.smoke
def test_what_ends_a_thread(server: CountingServer, start: Start) -> None:
    source = """
        client = Client(DSN)
        def work():
            raise ValueError("in a thread")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 0
    assert "ValueError: in a thread" in ended.stderr
    assert mechanisms(server) == [("ValueError", "error", "threading", False)]


@pytest.mark.parametrize("installed", [True, False])
def test_what_can_not_be_raised(server: CountingServer, start: Start, installed: bool) -> None:
    source = f"""
        client = Client(DSN)
        if {installed}:
            client.install_unraisable_hook()
            client.install_unraisable_hook()
        class Broken:
            def __del__(self):
                raise ValueError("in del")
        Broken()
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 0
    assert "ValueError: in del" in ended.stderr
    assert mechanisms(server) == [("ValueError", "error", "unraisablehook", False)] * installed


def test_what_can_not_be_raised_because_of_a_capture_does_not_go_round(server: CountingServer, start: Start) -> None:
    source = """
        client = Client(DSN)
        client.install_unraisable_hook()
        class Broken:
            def __del__(self):
                raise ValueError("in del")
        class Shown:
            def __repr__(self):
                Broken()
                return "shown"
        class First(Broken):
            def __del__(self):
                shown = Shown()
                raise KeyError("first")
        First()
        say("stats", client.stats().accepted)
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 0
    assert ended.said("stats") == ["1"]
    assert mechanisms(server) == [("KeyError", "error", "unraisablehook", False)]


def test_what_an_asyncio_loop_reports(server: CountingServer, start: Start) -> None:
    source = """
        import asyncio, gc
        client = Client(DSN)
        async def work():
            raise ValueError("nobody awaits")
        async def program():
            client.install_asyncio_hook()
            client.install_asyncio_hook()
            task = asyncio.ensure_future(work())
            await asyncio.sleep(0.01)
            del task
            gc.collect()
            loop = asyncio.get_running_loop()
            loop.call_exception_handler({"message": "something is wrong"})
        asyncio.run(program())
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 0
    assert "nobody awaits" in ended.stderr
    assert "something is wrong" in ended.stderr
    error, message = sorted((each.json() for each in server.received), key=lambda event: "logentry" in event)
    (value,) = error["exception"]["values"]
    assert (value["type"], value["mechanism"]["type"]) == ("ValueError", "asyncio")
    assert error["extra"]["asyncio"] == "Task exception was never retrieved"
    assert message["logentry"]["message"] == "something is wrong"
    assert message["logger"] == "asyncio"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_the_hooks_of_others_run_as_well(server: CountingServer, start: Start, before: bool) -> None:
    others = """
def chain(owner, name):
    previous = getattr(owner, name)
    def hook(*arguments):
        say(name)
        previous(*arguments)
    setattr(owner, name, hook)
chain(sys, "excepthook")
chain(threading, "excepthook")
"""
    client = "client = Client(DSN)\n"
    work = """
thread = threading.Thread(target=lambda: {}["thread"])
thread.start()
thread.join()
{}["main"]
"""
    ended = start((others + client if before else client + others) + work, server.dsn).end()
    assert ended.code == 1
    assert [first for first, _ in ended.lines] == ["excepthook", "excepthook"]
    assert ended.stderr.count("KeyError: 'main'") == 1
    assert len(server.received) == 2


def test_a_hook_of_others_that_raises_costs_no_event(server: CountingServer, start: Start) -> None:
    source = """
        def broken(*arguments):
            raise RuntimeError("a broken hook")
        sys.excepthook = broken
        client = Client(DSN)
        {}["main"]
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 1
    assert "a broken hook" in ended.stderr
    assert "KeyError: 'main'" in ended.stderr
    assert mechanisms(server) == [("KeyError", "fatal", "excepthook", False)]


@pytest.mark.parametrize("hook", ["None", "5", "sys.__excepthook__"])
def test_a_place_that_was_broken_before_is_as_if_there_was_a_default(
    server: CountingServer, start: Start, hook: str
) -> None:
    source = f"sys.excepthook = {hook}\nif sys.excepthook is None: del sys.excepthook\nclient = Client(DSN)\n1 / 0"
    ended = start(source, server.dsn).end()
    assert ended.code == 1
    assert "ZeroDivisionError: division by zero" in ended.stderr
    assert len(server.received) == 1


@pytest.mark.parametrize("options", ["install_sys_hook=False", "dsn=''"])
def test_who_does_not_want_it_has_none(server: CountingServer, start: Start, options: str) -> None:
    dsn = "" if "dsn" in options else "DSN, "
    source = f"""
        client = Client({dsn}{options})
        assert sys.excepthook is sys.__excepthook__
        assert threading.excepthook is threading.__excepthook__
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        1 / 0
    """
    ended = start(source, server.dsn).end()
    assert ended.stderr.count("ZeroDivisionError: ") == 2
    assert server.received == []


def test_every_client_is_told_once(server: CountingServer, start: Start) -> None:
    source = """
        clients = [Client(DSN) for _ in range(3)]
        sys.excepthook = lambda *arguments, previous=sys.excepthook: previous(*arguments)
        clients += [Client(DSN) for _ in range(2)]
        clients[1].close()
        1 / 0
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 1
    assert ended.stderr.count("ZeroDivisionError: ") == 1
    assert mechanisms(server) == [("ZeroDivisionError", "fatal", "excepthook", False)] * 4


def test_lines_that_are_logged_are_breadcrumbs_and_basicconfig_works_still(
    server: CountingServer, start: Start
) -> None:
    source = """
        import logging
        client = Client(DSN)
        logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="line %(message)s")
        logging.info("from %s", "info")
        logging.getLogger("shop").debug("not this")
        say("sent", client.capture_message("x"))
        client.close()
        assert logging.getLogRecordFactory() is logging.LogRecord
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert ended.said("line") == ["from info"]
    (crumb,) = server.received[0].json()["breadcrumbs"]["values"]
    assert (crumb["message"], crumb["category"]) == ("from info", "root")


# debug=True


def test_debug_tells_of_each_event_on_stderr_and_captures_nothing_of_it(server: CountingServer, start: Start) -> None:
    source = """
        import logging
        from raven.handlers.logging import SentryHandler
        client = Client(DSN, debug=True, before_send=lambda event, hint: None if event["level"] == "info" else event)
        Client(DSN, debug=True)
        logging.getLogger().addHandler(SentryHandler(client, level=logging.DEBUG))
        say("sent", client.capture_message("one"))
        client.capture_message("two", level="info")
        client.flush()
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 0
    (event_id,) = ended.said("sent")
    lines = ended.stderr.splitlines()
    assert sum(event_id in line for line in lines) == 1
    assert any(line.startswith(f"raven.delivery: event {event_id}: delivered") for line in lines)
    assert any("before_send" in line for line in lines)
    assert len(lines) == 2
    assert server.counts == {event_id: 1}


def test_without_debug_nothing_is_told(server: CountingServer, start: Start) -> None:
    ended = start("client = Client(DSN)\nsent(client, 1)\nclient.flush()", server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])


# The places themselves


Place = tuple[Callable[[], Any], Callable[[Any], object], hooks.Hook]


def places() -> Iterator[tuple[str, Place]]:
    yield "excepthook", (lambda: sys.excepthook, lambda f: setattr(sys, "excepthook", f), hooks.EXCEPTHOOK)
    yield "threading", (lambda: threading.excepthook, lambda f: setattr(threading, "excepthook", f), hooks.THREADING)
    yield "unraisable", (lambda: sys.unraisablehook, lambda f: setattr(sys, "unraisablehook", f), hooks.UNRAISABLE)
    yield "records", (logging.getLogRecordFactory, logging.setLogRecordFactory, hooks.RECORDS)


@pytest.fixture(params=[place for _, place in places()], ids=[name for name, _ in places()])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place as it is at first."""
    get, put, hook = request.param
    before = get()
    put(logging.LogRecord if hook is hooks.RECORDS else original)
    yield request.param
    put(before)


def original(*arguments: Any) -> None:
    """Stands for the interpreter's own."""


def foreign(get: Callable[[], Any], put: Callable[[Any], object]) -> tuple[Any, list[int]]:
    """Somebody else's function, which passes on."""
    previous, calls = get(), [0]

    def hook(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        return previous(*arguments, **options)

    put(hook)
    return hook, calls


def client_with_all() -> Client:
    client = Client(DSN, Kept())
    client.install_unraisable_hook()
    return client


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_clients_that_close_in_any_order_leave_what_they_found(place: Place, order: tuple[int, ...]) -> None:
    get = place[0]
    found = get()
    clients = [client_with_all() for _ in range(3)]
    assert get() is not found
    for at in order:
        clients[at].close()
        clients[at].close()
    assert get() is found


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))), ids=str)
def test_somebody_elses_function_is_left_where_it_is(place: Place, order: tuple[int, ...]) -> None:
    get, put, _ = place
    found = get()
    clients = [client_with_all()]
    between, calls = foreign(get, put)
    clients.append(client_with_all())
    for at in order:
        clients[at].close()
    assert get() is between
    get()(*ARGUMENTS)
    assert calls == [1]
    # What is left of ours only passes on, and goes with the next occasion.
    last = client_with_all()
    last.close()
    assert get() is between
    put(found)


ARGUMENTS: Any = ("shop", logging.INFO, "path", 1, "message", (), None)


def test_a_client_is_told_even_if_somebody_has_thrown_ours_away(place: Place, make: Make) -> None:
    get, put, _ = place
    found = get()
    told: list[Any] = []
    hook_of_test = hooks.Hook(get, put, lambda client, subject: told.append(client), lambda *arguments: None)
    first, second = Client(""), Client("")
    hook_of_test.install(first)
    put(found)
    hook_of_test.install(second)
    get()(*ARGUMENTS)
    assert told == [first, second]
    foreign(get, put)
    hook_of_test.install(third := Client(""))
    told.clear()
    get()(*ARGUMENTS)
    assert told == [first, second, third]


def test_a_thousand_clients_that_nobody_closed_do_not_make_a_long_chain(place: Place) -> None:
    get = place[0]
    found = get()
    clients = [client_with_all() for _ in range(1_000)]
    get()(*ARGUMENTS)
    for client in clients:
        client.close()
    assert get() is found


def test_what_a_hook_is_told_may_be_anything(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, make: Make
) -> None:
    monkeypatch.setattr("raven.capture.hooks._log", Sparingly(logging.getLogger("raven.client")))
    before = logging.getLogRecordFactory()
    made: list[Any] = []

    class Bare(logging.LogRecord):
        def __getattribute__(self, name: str) -> Any:
            if name in ("levelno", "name"):
                raise RuntimeError("hiddentext")
            return super().__getattribute__(name)

    def broken(name: str, *arguments: Any, **options: Any) -> Any:
        if name != "shop":
            return before(name, *arguments, **options)
        made.append(Bare(name, *arguments, **options))
        return made[-1]

    logging.setLogRecordFactory(broken)
    try:
        client = make().client
        log = logging.Logger("shop")
        log.addHandler(logging.NullHandler())
        record = log.makeRecord("shop", logging.ERROR, "p", 1, "m", (), None)
        assert record is made[0]
    finally:
        client.close()
        logging.setLogRecordFactory(before)
    assert "RuntimeError was raised" in caplog.text
    assert "hidden" not in caplog.text


def test_a_record_factory_that_raises_raises_as_before(make: Make) -> None:
    before = logging.getLogRecordFactory()

    def broken(*arguments: Any, **options: Any) -> NoReturn:
        raise KeyError("of the factory")

    logging.setLogRecordFactory(broken)
    try:
        client = make().client
        with pytest.raises(KeyError, match="of the factory"):
            logging.getLogger("shop").error("x")
        client.close()
        assert logging.getLogRecordFactory() is broken
    finally:
        logging.setLogRecordFactory(before)


def test_a_record_factory_that_logs_itself_does_not_go_round(make: Make) -> None:
    before = logging.getLogRecordFactory()
    log = logging.Logger("shop")
    log.addHandler(logging.NullHandler())
    depth = [0]

    def chatty(*arguments: Any, **options: Any) -> Any:
        depth[0] += 1
        if depth[0] == 1:
            log.info("from the factory")
        return before(*arguments, **options)

    logging.setLogRecordFactory(chatty)
    try:
        made = make()
        log.info("a line")
        assert made.crumbs == ["a line"]
        made.client.close()
    finally:
        logging.setLogRecordFactory(before)


# Loops


def test_a_loops_handler_is_put_back_and_passed_on_to(make: Make) -> None:
    heard: list[str] = []

    def own(loop: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
        heard.append(details["message"])

    async def program(previous: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(previous)
        for order in ((0, 1), (1, 0)):
            both = [make(), make()]
            for made in both:
                made.client.install_asyncio_hook()
            loop.call_exception_handler({"message": "m", "exception": ValueError()})
            assert [len(made.events) for made in both] == [1, 1]
            for at in order:
                both[at].client.close()
            assert loop.get_exception_handler() is previous

    asyncio.run(program(own))
    assert heard == ["m", "m"]
    asyncio.run(program(None))


def test_without_a_handler_the_loops_own_words_are_logged(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    async def program() -> None:
        make().client.install_asyncio_hook()
        asyncio.get_running_loop().call_exception_handler({"message": "it is wrong"})

    asyncio.run(program())
    assert caplog.messages == ["it is wrong"]


def test_a_loop_must_run_or_be_given(make: Make) -> None:
    made = make()
    with pytest.raises(ValueError, match=r"^no asyncio loop runs here"):
        made.client.install_asyncio_hook()
    loop = asyncio.new_event_loop()
    try:
        made.client.install_asyncio_hook(loop)
        loop.call_exception_handler({"message": "m", "exception": KeyError()})
        assert made.event["exception"]["values"][0]["type"] == "KeyError"
    finally:
        loop.close()
    made.client.close()
    assert loop.get_exception_handler() is None


def test_a_client_that_is_disabled_or_closed_installs_nothing(make: Make, place: Place) -> None:
    get = place[0]
    found = get()
    closed = Client(DSN, Kept(), install_sys_hook=False, install_logging_hook=False)
    assert get() is found
    closed.close()
    for client in (Client(""), closed):
        client.install_unraisable_hook()
        loop = asyncio.new_event_loop()
        client.install_asyncio_hook(loop)
        assert loop.get_exception_handler() is None
        loop.close()
    assert get() is found
