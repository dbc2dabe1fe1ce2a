"""Signals that come in the middle of a capture do no harm."""

from __future__ import annotations

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start

# The handler comes again and again, in whatever the main thread is doing, and not in itself.
INTERRUPTED = """
import random, signal
from raven.transport.{module} import {transport}

client = Client(DSN + "?timeout=10&{options}", {transport})
interrupted = []

def handler(number, frame):
    interrupted.append(client.capture_message("interrupted"))
    if len(interrupted) < {most}:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.001))

signal.signal(signal.SIGALRM, handler)
captured = [client.capture_message("warm")]
signal.setitimer(signal.ITIMER_REAL, 0.0005)
deadline = time.monotonic() + 20
while len(interrupted) < {most} and time.monotonic() < deadline:
    captured.append(client.capture_message("captured"))
    if len(captured) % 50 == 0:
        client.flush(20)
client.flush(20)
say("interrupted", len(interrupted))
for event_id in captured + interrupted:
    say("sent", event_id)
stats = client.stats()
say("stats", stats.accepted - len(captured) - len(interrupted), stats.delivered - stats.accepted, stats.pending)
"""


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("module", "transport", "options", "most"),
    [
        ("threaded", "ThreadedHTTPTransport", "queue_size=100000&shutdown_timeout=20", 400),
        ("http", "HTTPTransport", "total_timeout=20", 400),
        ("threaded_requests", "ThreadedRequestsHTTPTransport", "queue_size=100000&shutdown_timeout=20", 400),
    ],
    ids=["threaded", "blocking", "threaded requests"],
)
def test_captures_in_a_signal_handler_that_interrupts_captures(
    server: CountingServer, start: Start, module: str, transport: str, options: str, most: int
) -> None:
    source = INTERRUPTED.format(module=module, transport=transport, options=options, most=most)
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert ended.said("interrupted") == [str(most)]
    assert ended.said("stats") == ["0 0 0"]
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_ctrl_c_during_a_blocking_capture_reaches_the_program_and_the_books_balance(
    server: CountingServer, start: Start
) -> None:
    source = """
        from raven.transport.http import HTTPTransport
        client = Client(DSN + "?timeout=20&total_timeout=20", HTTPTransport)
        say("first", client.capture_message("first"))
        say("sending")
        sys.stdin.readline()
        try:
            client.capture_message("interrupted")
        except KeyboardInterrupt:
            stats = client.stats()
            say("stats", stats.accepted, stats.delivered, stats.pending, sum(stats.dropped.values()))
        sys.stdin.readline()
        say("last", client.capture_message("last"))
        say("flushed", client.flush().name)
    """
    program = start(source, server.dsn)
    program.wait_for("sending")
    server.hold()
    program.go_on()
    server.wait_for(2)
    program.interrupt()
    assert program.wait_for("stats") == "2 1 0 1"
    server.release()
    program.go_on()
    ended = program.end()
    assert ended.code == 0
    assert [line.partition(":")[0] for line in ended.complaints] == ["an event was not delivered to http"]
    assert ended.said("flushed") == ["FAILED"]
    assert len(server.counts) == 3
    assert server.counts[ended.said("last")[0]] == 1
    assert server.connections == 2, "the answer to the interrupted request might be taken for another's"


@pytest.mark.parametrize("while_waiting", ["client.flush(20)", "client.close(20)"])
def test_ctrl_c_ends_a_wait_at_once_and_nothing_is_lost(
    server: CountingServer, start: Start, while_waiting: str
) -> None:
    source = f"""
        client = Client(DSN + "?timeout=20&shutdown_timeout=20")
        sent(client, 5)
        say("waiting")
        try:
            {while_waiting}
        except KeyboardInterrupt:
            say("interrupted")
    """
    server.hold()
    program = start(source, server.dsn)
    program.wait_for("waiting")
    server.wait_for(5)
    program.interrupt()
    program.wait_for("interrupted")
    server.release()
    ended = program.end()
    assert (ended.code, ended.complaints) == (0, [])
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_a_program_that_turns_sigterm_into_an_exit_delivers(server: CountingServer, start: Start) -> None:
    source = """
        import signal
        client = Client(DSN + "?timeout=10&shutdown_timeout=10")
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
        sent(client, 20)
        say("ready")
        sys.stdin.readline()
    """
    server.hold()
    program = start(source, server.dsn)
    program.wait_for("ready")
    server.wait_for(1)
    program.process.terminate()
    server.release()
    ended = program.end()
    assert (ended.code, ended.complaints) == (7, [])
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


HANDLERS = {"none": ("", -15), "own": ("signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))", 7)}


@pytest.mark.parametrize(("handler", "code"), HANDLERS.values(), ids=HANDLERS)
def test_with_the_hook_sigterm_delivers_and_then_does_what_it_would_have_done(
    server: CountingServer, start: Start, handler: str, code: int
) -> None:
    source = f"""
        import signal
        {handler}
        client = Client(DSN + "?timeout=10&shutdown_timeout=10")
        client.install_signal_hook()
        sent(client, 20)
        say("ready")
        sys.stdin.readline()
    """
    server.hold()
    program = start(source, server.dsn)
    program.wait_for("ready")
    server.wait_for(1)
    program.process.terminate()
    server.release()
    ended = program.end()
    assert (ended.code, ended.complaints) == (code, [])
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def test_a_client_that_is_closed_leaves_the_signal_as_it_was(server: CountingServer, start: Start) -> None:
    source = """
        import signal
        client = Client(DSN)
        client.install_signal_hook()
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        client.close()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        other = Client(DSN)
        thread = threading.Thread(target=lambda: refused.append(refuses(other)))
        refused = []
        def refuses(client):
            try:
                client.install_signal_hook()
            except ValueError as error:
                return error
        thread.start()
        thread.join()
        say("refused", *refused)
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert ended.said("refused") == ["a signal's handler can be installed on the main thread only"]


BLOCKED = """
import signal
from raven.transport.{module} import {transport}

client = Client(DSN, {transport})
sent(client, 20)
client.flush(20)
signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGTERM}})
os.kill(os.getpid(), signal.SIGTERM)
say("pending", signal.SIGTERM in signal.sigpending())
"""


@pytest.mark.parametrize(
    ("module", "transport"),
    [("threaded", "ThreadedHTTPTransport"), ("threaded_requests", "ThreadedRequestsHTTPTransport")],
)
def test_a_signal_is_never_delivered_to_a_thread_of_ours(
    server: CountingServer, start: Start, module: str, transport: str
) -> None:
    ended = start(BLOCKED.format(module=module, transport=transport), server.dsn).end()
    assert (ended.code, ended.said("pending")) == (0, ["True"])
