"""What was captured is delivered when the program ends, however it ends; and it does end."""

from __future__ import annotations

import re
import socket
import time

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start

ALLOWANCE = 0.5
"""Seconds beyond the promised time that an exit may take."""


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("ending", "code", "stderr"),
    [
        ("", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("raise KeyError('unhandled')", 1, "KeyError: 'unhandled'"),
        ("raise SystemExit('gone')", 1, "gone"),
    ],
    ids=["end", "exit 3", "unhandled", "message"],
)
def test_the_events_of_a_program_that_ends_are_delivered(
    server: CountingServer, start: Start, ending: str, code: int, stderr: str
) -> None:
    ended = start(f"sent(Client(DSN), 20)\n{ending}", server.dsn).end()
    assert ended.code == code
    assert (ended.complaints or [""])[-1] == stderr
    caught = [each.event_id for each in server.received if "exception" in each.json()]
    assert server.counts == dict.fromkeys([*ended.said("sent"), *caught], 1)
    assert len(ended.said("sent")) == 20
    assert len(caught) == ("KeyError" in ending)


def test_the_exception_that_ends_a_program_is_delivered(server: CountingServer, start: Start) -> None:
    source = """
        client = Client(DSN)
        try:
            {}["missing"]
        except KeyError:
            say("sent", client.capture_exception())
            raise
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 1
    assert server.counts == {ended.said("sent")[0]: 1}
    assert server.received[0].json()["exception"]["values"][0]["value"] == "'missing'"


CLIENTS = {
    "cold": "client = Client(DSN)",
    "warm": "client = Client(DSN)\nsent(client, 3)\nassert client.flush()",
    "busy": "client = Client(DSN)\nsent(client, 3)",
    "blocking": "from raven.transport.http import HTTPTransport\nclient = Client(DSN, HTTPTransport)",
    "requests": "client = Client('threaded+requests+' + DSN)",
    "blocking requests": "client = Client('requests+' + DSN)",
    "idle workers gone": "client = Client(DSN + '?worker_idle=0')\nsent(client, 3)\nassert client.flush()",
}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("handler_first", [True, False], ids=["registered before", "registered after"])
def test_what_an_exit_handler_captures_is_delivered(
    server: CountingServer, start: Start, client: str, handler_first: bool
) -> None:
    register = "import atexit\natexit.register(lambda: sent(client, 3))"
    source = f"{register}\n{client}" if handler_first else f"{client}\n{register}"
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert len(ended.said("sent")) >= 3
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_at_exit_the_connections_are_still_there(server: CountingServer, start: Start) -> None:
    program = start("client = Client(DSN)\nsent(client, 1)\nclient.flush()\nsent(client, 30)\nsay('exits')", server.dsn)
    server.delay = 0.05
    ended = program.end()
    assert (ended.code, ended.complaints) == (0, [])
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)
    assert len(server.counts) == 31


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_what_a_thread_captures_after_the_main_thread_has_ended_is_delivered(
    server: CountingServer, start: Start, client: str
) -> None:
    source = f"""
        {client.replace(chr(10), chr(10) + " " * 8)}
        def last():
            threading.main_thread().join()
            sent(client, 5)
        threading.Thread(target=last).start()
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert len(ended.said("sent")) >= 5
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_several_clients_are_all_served_at_exit(server: CountingServer, start: Start) -> None:
    source = """
        clients = [Client(f"{DSN}{number}") for number in range(5)]
        for client in clients:
            sent(client, 10)
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert len(server.counts) == 50
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_a_client_that_nobody_holds_any_more_still_delivers(server: CountingServer, start: Start) -> None:
    source = """
        import gc
        def work():
            sent(Client(DSN), 5)
        work()
        gc.collect()
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert len(server.counts) == 5
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


SLOW = """
    client = Client(DSN + "?{options}")
    sent(client, {count})
    {then}
    say("exits", time.monotonic())
"""


def test_a_quick_server_makes_no_words(server: CountingServer, start: Start) -> None:
    ended = start(SLOW.format(options="", count=1, then="client.flush(); sent(client, 2)"), server.dsn).end()
    assert (ended.code, ended.stderr) == (0, "")
    assert len(server.counts) == 3


@pytest.mark.parametrize(("options", "seconds"), [("", 2.0), ("shutdown_timeout=0.5", 0.5)], ids=["default", "0.5"])
def test_a_server_that_does_not_answer_holds_the_exit_up_for_no_longer_than_allowed(
    server: CountingServer, start: Start, options: str, seconds: float
) -> None:
    server.hold()
    ended = start(SLOW.format(options=options, count=12, then="pass"), server.dsn).end()
    assert ended.code == 0
    line = f"raven: delivering 12 events before exit, for at most {seconds:g} seconds (Ctrl-C to stop)\n"
    assert ended.stderr == line
    assert seconds - 0.1 < ended.exit_seconds < seconds + ALLOWANCE


def test_several_clients_of_silent_servers_wait_side_by_side_and_say_so_once(
    server: CountingServer, start: Start
) -> None:
    source = """
        clients = [Client(f"{DSN}{number}?shutdown_timeout=0.7") for number in range(3)]
        for client in clients:
            sent(client, 2)
        say("exits", time.monotonic())
    """
    server.hold()
    ended = start(source, server.dsn).end()
    assert ended.code == 0
    assert ended.stderr == "raven: delivering 6 events before exit, for at most 0.7 seconds (Ctrl-C to stop)\n"
    assert 0.6 < ended.exit_seconds < 0.7 + ALLOWANCE


def test_a_server_that_is_merely_slow_gets_everything(server: CountingServer, start: Start) -> None:
    server.delay = 0.2
    ended = start(SLOW.format(options="workers=2", count=6, then="pass"), server.dsn).end()
    assert ended.code == 0
    said = re.fullmatch(r"raven: delivering (\d) events before exit, for at most 2 seconds .*\n", ended.stderr)
    assert said is not None
    assert 1 <= int(said[1]) <= 6
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)
    assert ended.exit_seconds < 2.0 + ALLOWANCE


def test_a_dead_server_holds_the_exit_up_for_no_longer_than_allowed(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    ended = start(
        SLOW.format(options="shutdown_timeout=0.5", count=5, then="pass"), f"http://public@127.0.0.1:{port}/1"
    ).end()
    assert ended.code == 0
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("an event was not delivered to ")]
    assert len(lines) <= 1
    assert all(line.startswith("raven: delivering ") for line in lines)
    assert ended.exit_seconds < 0.5 + ALLOWANCE


def test_ctrl_c_ends_the_wait_at_once_and_quietly(server: CountingServer, start: Start) -> None:
    server.hold()
    program = start(SLOW.format(options="shutdown_timeout=20", count=5, then=""), server.dsn)
    program.wait_for("exits")
    program.wait_for_stderr("raven: delivering")
    interrupted = time.monotonic()
    program.interrupt()
    ended = program.end()
    assert ended.code == 0
    assert ended.stderr == "raven: delivering 5 events before exit, for at most 20 seconds (Ctrl-C to stop)\n"
    assert ended.at - interrupted < ALLOWANCE


CLOSED = {"when it started": "pass", "by the program": "sys.stderr.close()", "none": "sys.stderr = None"}


@pytest.mark.parametrize("how", CLOSED)
def test_an_exit_without_stderr_is_none_the_worse(server: CountingServer, start: Start, how: str) -> None:
    server.delay = 0.2
    source = SLOW.format(options="workers=1", count=4, then=CLOSED[how])
    ended = start(source, server.dsn, stderr=how != "when it started").end()
    assert (ended.code, ended.stderr) == (0, "")
    assert [word for word, _ in ended.lines] == ["sent"] * 4 + ["exits"]
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_after_close_the_exit_waits_for_nothing(server: CountingServer, start: Start) -> None:
    server.hold()
    then = "client.close(0)\n    say('stats', client.stats().pending, dict(client.stats().dropped))"
    ended = start(SLOW.format(options="", count=5, then=then), server.dsn).end()
    assert ended.code == 0
    assert ended.stderr == ""
    assert ended.said("stats") == ["0 {'shutdown': 5}"]
    assert ended.exit_seconds < ALLOWANCE
