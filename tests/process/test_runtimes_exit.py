"""Programs with a loop, a hub or a reactor lose nothing when they end, however they do, and fork like all others."""

from __future__ import annotations

import signal
from textwrap import dedent

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start
from tests.process.lives import LIVES
from tests.process.program import Ended, Program

OPTIONS = "?timeout=10&shutdown_timeout=10"

of_each = pytest.mark.parametrize("library", LIVES)


def program(start: Start, server: CountingServer, library: str, source: str, options: str = OPTIONS) -> Program:
    """A program with a client, in which some events are sent from `work`."""
    return start(f"{LIVES[library]}\nclient = Client(DSN + {options!r}, T)\n{dedent(source)}", server.dsn)


def assert_nothing_is_lost(server: CountingServer, ended: Ended, count: int, most: int = 2) -> None:
    """All that was said to be sent came. What was on its way when the loop ended may have come twice."""
    sent = ended.said("sent")
    assert len(sent) == count
    assert set(server.counts) == set(sent)
    assert max(server.counts.values()) <= most


@of_each
def test_a_program_that_captures_and_ends(server: CountingServer, start: Start, library: str) -> None:
    source = """
        def work():
            sent(client, 20)
            yield
        live(work)
    """
    ended = program(start, server, library, source).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert_nothing_is_lost(server, ended, 20)


@of_each
def test_a_program_that_never_lets_its_loop_go_on(server: CountingServer, start: Start, library: str) -> None:
    source = """
        def work():
            sent(client, 20)
            yield from ()
        sent(client, 5)
        live(work)
        sent(client, 5)
    """
    ended = program(start, server, library, source).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert_nothing_is_lost(server, ended, 30)


@of_each
def test_a_program_whose_loop_never_runs(server: CountingServer, start: Start, library: str) -> None:
    ended = program(start, server, library, "sent(client, 20)").end()
    assert (ended.code, ended.complaints) == (0, [])
    assert_nothing_is_lost(server, ended, 20, most=1)


@of_each
def test_a_flush_where_no_loop_runs(server: CountingServer, start: Start, library: str) -> None:
    source = """
        def work():
            sent(client, 5)
            while client.stats().pending:
                yield
        sent(client, 5)
        say("flushed", client.flush(20).name)
        live(work)
        sent(client, 5)
        say("flushed", client.close(20).name)
    """
    ended = program(start, server, library, source).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert ended.said("flushed") == ["DELIVERED", "DELIVERED"]
    assert_nothing_is_lost(server, ended, 15)


@pytest.mark.parametrize("library", ["asyncio", "tornado", "twisted"])
def test_what_is_captured_where_no_loop_runs_does_not_wait_for_the_end(
    server: CountingServer, start: Start, library: str
) -> None:
    source = """
        def work():
            sent(client, 5)
            while client.stats().pending:
                yield
        sent(client, 5)
        sys.stdin.readline()
        live(work)
        sent(client, 5)
        sys.stdin.readline()
    """
    running = program(start, server, library, source)
    server.wait_for(5)
    running.go_on()
    server.wait_for(15)
    running.go_on()
    ended = running.end()
    assert (ended.code, ended.complaints) == (0, [])
    assert_nothing_is_lost(server, ended, 15)


@of_each
def test_a_loop_that_ends_in_the_middle_of_deliveries(server: CountingServer, start: Start, library: str) -> None:
    source = """
        told = []
        threading.Thread(target=lambda: told.append(sys.stdin.readline())).start()
        def work():
            sent(client, 20)
            while not told:
                yield
        live(work)
    """
    server.hold()
    running = program(start, server, library, source)
    server.wait_for(20)
    running.go_on()
    server.wait_for(21)  # the first of those that are sent once more
    server.release()
    ended = running.end()
    assert (ended.code, ended.complaints) == (0, [])
    assert_nothing_is_lost(server, ended, 20)


ENDINGS = {
    "exit within": ("sys.exit(3)", "", 3),
    "exit": ("", "sys.exit(3)", 3),
    "error within": ("raise KeyError('unhandled')", "", 1),
    "error": ("", "raise KeyError('unhandled')", 1),
}


@of_each
@pytest.mark.parametrize(("within", "after", "code"), ENDINGS.values(), ids=ENDINGS)
def test_a_program_that_ends_otherwise(
    server: CountingServer, start: Start, library: str, within: str, after: str, code: int
) -> None:
    source = f"""
        def work():
            sent(client, 20)
            yield
            {within or "pass"}
        live(work)
        {after}
    """
    ended = program(start, server, library, source).end()
    assert ended.code == code
    caught = [each.event_id for each in server.received if "exception" in each.json()]
    assert set(server.counts) == {*ended.said("sent"), *caught}
    assert len(set(caught)) == ("KeyError" in within + after)


@of_each
def test_an_error_that_nobody_hears_of(server: CountingServer, start: Start, library: str) -> None:
    source = """
        def fail():
            sent(client, 5)
            yield
            raise KeyError("unheard")
        def work():
            spawn(fail)
            for _ in range(5):
                yield
            sent(client, 5)
        live(work)
        sent(client, 5)
    """
    ended = program(start, server, library, source).end()
    assert ended.code == 0
    assert_nothing_is_lost(server, ended, 15)


@of_each
def test_ctrl_c(server: CountingServer, start: Start, library: str) -> None:
    source = """
        def work():
            sent(client, 20)
            while True:
                yield
        live(work)
    """
    server.hold()
    running = program(start, server, library, source)
    server.wait_for(20)
    running.interrupt()
    server.wait_for(21)
    server.release()
    ended = running.end()
    # A reactor ends in good order then. Python forgets that it was Ctrl-C if modules are imported at exit.
    assert ended.code in ((0,) if library == "twisted" else (1, -signal.SIGINT))
    assert_nothing_is_lost(server, ended, 20)


@pytest.mark.parametrize("library", [library for library in LIVES if library != "twisted"])  # it catches all errors
def test_a_signal_handler_that_exits_while_a_worker_works(server: CountingServer, start: Start, library: str) -> None:
    source = f"""
        import signal
        from raven import stage
        from raven.pipeline import Sign
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
        signals = [signal.SIGTERM]
        @stage
        async def interrupted(request, send):
            if signals:
                signal.raise_signal(signals.pop())
            return await send(request)
        client = Client(DSN + {OPTIONS!r}, T().before(Sign, interrupted))
        def work():
            sent(client, 5)
            while True:
                yield
        live(work)
    """
    ended = program(start, server, library, source).end()
    assert (ended.code, ended.complaints) == (7, [])
    assert_nothing_is_lost(server, ended, 5)


@of_each
def test_a_server_that_does_not_answer_holds_the_exit_up_for_no_longer_than_allowed(
    server: CountingServer, start: Start, library: str
) -> None:
    source = """
        def work():
            sent(client, 5)
            yield
        live(work)
        say("exits", time.monotonic())
    """
    server.hold()
    ended = program(start, server, library, source, "?shutdown_timeout=0.5").end()
    assert ended.code == 0
    assert ended.complaints == []
    assert 0.4 < ended.exit_seconds < 1.0


FORKS = [*((library, "os.fork") for library in LIVES), ("gevent", "gevent.fork")]
of_each_fork = pytest.mark.parametrize(("library", "fork"), FORKS)

FORKED = """
import signal
def tell():
    stats = client.stats()
    say("stats", stats.accepted, stats.delivered, stats.pending, dict(stats.dropped))
"""


def assert_each_has_sent_its_own(server: CountingServer, ended: Ended, parent: int, child: int) -> None:
    """Once each, on connections of their own."""
    assert (ended.code, ended.complaints, ended.said("joined")) == (0, [], ["0"])
    of_parent, of_child = ended.said("parent"), ended.said("child")
    assert (len(of_parent), len(of_child)) == (parent, child)
    assert server.counts == dict.fromkeys(of_parent + of_child, 1)
    assert not server.peers(*of_parent) & server.peers(*of_child)


@of_each_fork
def test_a_fork_before_the_loop(server: CountingServer, start: Start, library: str, fork: str) -> None:
    source = f"""
        child = {fork}()
        who = "parent" if child else "child"
        if not child:
            signal.alarm(15)
        def work():
            sent(client, 5, who)
            while client.stats().pending:
                yield
        live(work)
        if child:
            say("joined", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    ended = program(start, server, library, FORKED + dedent(source)).end()
    assert_each_has_sent_its_own(server, ended, 5, 5)


@of_each_fork
def test_a_fork_in_the_middle_of_deliveries(server: CountingServer, start: Start, library: str, fork: str) -> None:
    waitpid = "gevent.os.waitpid" if fork == "gevent.fork" else "os.waitpid"
    source = f"""
        told = []
        def listen():
            told.append(sys.stdin.readline())
        def work():
            sent(client, 5, "parent")
            while client.stats().pending:
                yield
            say("first")
            threading.Thread(target=listen).start()
            while not told:
                yield
            sent(client, 3, "parent")
            say("second")
            told.clear()
            listener = threading.Thread(target=listen)
            listener.start()
            while not told:
                yield
            listener.join()
            child = {fork}()
            if child == 0:
                signal.alarm(15)
                tell()
                sent(client, 1, "child")
                say("flushed", client.flush(10).name)
                tell()
                os._exit(0)
            sent(client, 2, "parent")
            while (ended := {waitpid}(child, os.WNOHANG))[0] == 0:
                yield
            say("joined", os.waitstatus_to_exitcode(ended[1]))
            while client.stats().pending:
                yield
        live(work)
        say("flushed", client.flush(10).name)
        tell()
    """
    running = program(start, server, library, FORKED + dedent(source))
    running.wait_for("first")
    server.hold()
    running.go_on()
    running.wait_for("second")
    server.wait_for(8)
    running.go_on()
    server.wait_for(11)
    server.release()
    ended = running.end()
    assert_each_has_sent_its_own(server, ended, 10, 1)
    assert ended.said("flushed") == ["DELIVERED", "DELIVERED"]
    assert ended.said("stats") == ["0 0 0 {}", "1 1 0 {}", "10 10 0 {}"]


def test_a_child_that_goes_on_with_its_hub_leaves_the_parents_deliveries_alone(
    server: CountingServer, start: Start
) -> None:
    source = """
        told = []
        def listen():
            told.append(sys.stdin.readline())
        def work():
            sent(client, 4, "parent")  # two on their way, and two that wait
            listener = threading.Thread(target=listen)
            listener.start()
            while not told:
                yield
            listener.join()
            child = gevent.fork()
            if child == 0:
                signal.alarm(15)
                sent(client, 1, "child")
                while client.stats().pending:
                    yield
                for _ in range(50):
                    yield
                os._exit(0)
            while (ended := gevent.os.waitpid(child, os.WNOHANG))[0] == 0:
                yield
            say("joined", os.waitstatus_to_exitcode(ended[1]))
        live(work)
    """
    server.hold()
    running = program(start, server, "gevent", FORKED + dedent(source), f"{OPTIONS}&workers=2")
    server.wait_for(2)
    running.go_on()
    server.wait_for(3)
    server.release()
    assert_each_has_sent_its_own(server, running.end(), 4, 1)
