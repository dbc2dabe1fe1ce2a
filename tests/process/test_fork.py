"""A forked child delivers its own events, on its own connections, and never its parent's."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest
import trustme

from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start
from tests.process.program import Ended

FORKS = {
    "with hooks": "fork = os.fork",
    # uWSGI, by default, does not call what was registered with Python's at-fork hooks. What only a hook can do is to keep a
    # fork from coming in the middle of an import, so here what is imported late is imported before.
    "without our hooks": """
import concurrent.futures, logging, multiprocessing.util, random, weakref
os.register_at_fork = lambda **hooks: None
fork = os.fork
""",
}

# The child says how it ended up with: 0 is well, 142 is that it hung.
FORKED = """
import signal

def in_child(work, leave=sys.exit):
    child = fork()
    if child == 0:
        signal.alarm(15)
        work()
        leave(0)
    return child

def join(child):
    say("joined", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

def tell(client):
    stats = client.stats()
    say("stats", stats.accepted, stats.delivered, stats.pending, dict(stats.dropped))
"""

every_fork = pytest.mark.parametrize("how", FORKS)


def program(how: str, source: str) -> str:
    """A program that forks in this way."""
    # The prelude has imported raven, so that import is undone: its hooks would be registered already.
    again = (
        "for name in [name for name in sys.modules if name.partition('.')[0] == 'raven']:\n    del sys.modules[name]\n"
    )
    warm = "import raven.require, raven.sinks.urllib3_connections\nraven.require.import_optional()\n"
    if how == "with hooks":
        warm = ""
    return f"{FORKS[how]}\n{again}from raven import Client\n{warm}{FORKED}\n{source}"


def assert_each_came_once(server: CountingServer, ended: Ended, *words: str) -> None:
    """All that was said to be sent came, once each, and nothing else."""
    assert ended.complaints == []
    assert ended.code == 0
    assert set(ended.said("joined")) <= {"0"}
    assert server.counts == dict.fromkeys([event_id for word in words for event_id in ended.said(word)], 1)


@pytest.mark.smoke
@every_fork
@pytest.mark.parametrize("leave", ["sys.exit", "os._exit"])
def test_queued_events_are_sent_by_the_parent_only(server: CountingServer, start: Start, how: str, leave: str) -> None:
    source = f"""
client = Client(DSN + "?workers=1&timeout=10&shutdown_timeout=10")
sent(client, 5, "parent")
say("ready")
sys.stdin.readline()

def work():
    tell(client)
    sent(client, 3, "child")
    {"client.flush(10)" if leave == "os._exit" else "pass"}

child = in_child(work, {leave})
sent(client, 2, "parent")
join(child)
"""
    server.hold()
    running = start(program(how, source), server.dsn)
    running.wait_for("ready")
    server.wait_for(1)  # the first of the parent's is on its way, the others are in the queue
    running.go_on()
    server.wait_for(2)  # and the first of the child's
    server.release()
    ended = running.end()
    assert_each_came_once(server, ended, "parent", "child")
    assert (len(ended.said("parent")), len(ended.said("child"))) == (7, 3)
    assert ended.said("stats") == ["0 0 0 {}"]
    assert not server.peers(*ended.said("parent")) & server.peers(*ended.said("child"))


@every_fork
def test_a_fork_while_another_thread_is_in_flush(server: CountingServer, start: Start, how: str) -> None:
    source = """
client = Client(DSN + "?timeout=10")
sent(client, 20, "parent")
flushed = []
threads = [threading.Thread(target=lambda: flushed.append(client.flush(15))) for _ in range(4)]
for thread in threads:
    thread.start()
say("ready")
sys.stdin.readline()

def work():
    sent(client, 3, "child")
    say("flushed", client.flush(10).name)

child = in_child(work)
join(child)
for thread in threads:
    thread.join()
say("flushed", *(each.name for each in flushed))
"""
    server.hold()
    running = start(program(how, source), server.dsn)
    running.wait_for("ready")
    server.wait_for(8)
    running.go_on()
    server.wait_for(11)
    server.release()
    ended = running.end()
    assert_each_came_once(server, ended, "parent", "child")
    assert ended.said("flushed") == ["DELIVERED", "DELIVERED DELIVERED DELIVERED DELIVERED"]


@every_fork
def test_forks_at_any_moment_of_captures_and_deliveries(server: CountingServer, start: Start, how: str) -> None:
    source = """
client = Client(DSN + "?timeout=10&shutdown_timeout=10")
ended = threading.Event()

def busy():
    while not ended.is_set():
        sent(client, 5, "parent")
        client.flush()

threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads:
    thread.start()
children = [in_child(lambda: sent(client, 3, "child")) for _ in range(20)]
ended.set()
for child in children:
    join(child)
for thread in threads:
    thread.join()
"""
    ended = start(program(how, source), server.dsn).end()
    assert_each_came_once(server, ended, "parent", "child")
    assert len(ended.said("child")) == 60
    assert not server.peers(*ended.said("parent")) & server.peers(*ended.said("child"))


def test_a_fork_while_a_worker_imports_urllib3_for_the_first_time(server: CountingServer, start: Start) -> None:
    source = """
import importlib.abc
importing = threading.Event()

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "urllib3.connection":
            importing.set()
            time.sleep(0.5)

sys.meta_path.insert(0, Slow())
client = Client(DSN + "?timeout=10&shutdown_timeout=10")
sent(client, 5, "parent")
importing.wait()
join(in_child(lambda: sent(client, 3, "child")))
"""
    ended = start(program("with hooks", source), server.dsn).end()
    assert_each_came_once(server, ended, "parent", "child")
    assert (len(ended.said("parent")), len(ended.said("child"))) == (5, 3)


@pytest.mark.parametrize("scheme", ["http", "https"])
@every_fork
def test_a_connection_that_is_open_is_not_shared(start: Start, tmp_path: Path, scheme: str, how: str) -> None:
    source = """
client = Client(DSN)
sent(client, 1, "parent")
client.flush()

def work():
    for _ in range(5):
        sent(client, 1, "child")
        assert client.flush()

child = in_child(work)
for _ in range(5):
    sent(client, 1, "parent")
    assert client.flush()
join(child)
sent(client, 1, "parent")
assert client.flush()
"""
    tls, query = None, "?workers=1"
    if scheme == "https":
        authority = trustme.CA()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        query = f"?workers=1&ca_certs={tmp_path / 'ca.pem'}"
    with CountingServer(tls=tls) as server:
        ended = start(program(how, source), server.dsn + query).end()
        assert_each_came_once(server, ended, "parent", "child")
        of_parent, of_child = (server.peers(*ended.said(who)) for who in ("parent", "child"))
        assert (len(ended.said("parent")), len(ended.said("child"))) == (7, 5)
        assert len(of_parent) == 1, "the fork has cost the parent its connection"
        assert len(of_child) == 1
        assert of_parent != of_child


@every_fork
def test_twenty_children_of_one_parent(server: CountingServer, start: Start, how: str) -> None:
    source = """
client = Client(DSN + "?shutdown_timeout=10&timeout=10")
sent(client, 5, "parent")
for child in [in_child(lambda: sent(client, 3, "child")) for _ in range(20)]:
    join(child)
tell(client)
"""
    ended = start(program(how, source), server.dsn).end()
    assert_each_came_once(server, ended, "parent", "child")
    assert len(ended.said("child")) == 60
    assert json.loads(ended.said("stats")[0].split()[0]) == 5


@every_fork
def test_a_grandchild_and_a_client_made_in_a_child(server: CountingServer, start: Start, how: str) -> None:
    source = """
client = Client(DSN + "?shutdown_timeout=10&timeout=10")
sent(client, 2, "parent")

def grandchild():
    tell(client)
    sent(client, 2, "grandchild")

def work():
    sent(client, 2, "child")
    own = Client(DSN + "?shutdown_timeout=10&timeout=10")
    sent(own, 2, "child")
    join(in_child(grandchild))

join(in_child(work))
"""
    ended = start(program(how, source), server.dsn).end()
    assert_each_came_once(server, ended, "parent", "child", "grandchild")
    assert ended.said("stats") == ["0 0 0 {}"]
    assert len(server.counts) == 8


@every_fork
@pytest.mark.parametrize("leave", ["sys.exit", "os._exit"])
def test_a_child_that_captures_nothing_does_nothing(server: CountingServer, start: Start, how: str, leave: str) -> None:
    source = f"""
import atexit
client = Client(DSN + "?timeout=10")
sent(client, 5, "parent")
say("ready")
sys.stdin.readline()

def work():
    say("threads", threads())
    atexit.register(lambda: say("threads", threads()))

start = time.monotonic()
join(in_child(work, {leave}))
say("seconds", time.monotonic() - start)
"""
    server.hold()
    running = start(program(how, source), server.dsn)
    running.wait_for("ready")
    server.wait_for(5)
    running.go_on()
    seconds = float(running.wait_for("seconds"))
    server.release()
    ended = running.end()
    assert_each_came_once(server, ended, "parent")
    assert seconds < 1.0
    assert set(ended.said("threads")) == {"1"}


def test_a_client_closed_before_the_fork_is_closed_in_the_child(server: CountingServer, start: Start) -> None:
    source = """
client = Client(DSN)
client.close()
join(in_child(lambda: say("captured", client.capture_message("late"))))
"""
    ended = start(program("with hooks", source), server.dsn).end()
    assert_each_came_once(server, ended)
    assert ended.said("captured") == ["None"]
