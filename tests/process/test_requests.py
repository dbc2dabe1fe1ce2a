"""The transports above requests at exit and after a fork. What else there is to it is tested with the default one."""

from __future__ import annotations

from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start


def test_a_program_that_does_not_flush_delivers_all(server: CountingServer, start: Start) -> None:
    server.delay = 0.05
    ended = start("sent(Client('threaded+requests+' + DSN + '?timeout=5'), 40)", server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)
    assert len(ended.said("sent")) == 40


def test_a_forked_child_sends_its_own_on_connections_of_its_own(server: CountingServer, start: Start) -> None:
    source = """
        client = Client("threaded+requests+" + DSN + "?workers=1&timeout=10&shutdown_timeout=10")
        sent(client, 5, "parent")
        say("ready")
        sys.stdin.readline()
        child = os.fork()
        if child == 0:
            sent(client, 3, "child")
            sys.exit()
        sent(client, 2, "parent")
        say("joined", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    server.hold()
    running = start(source, server.dsn)
    running.wait_for("ready")
    server.wait_for(1)
    running.go_on()
    server.release()
    ended = running.end()
    assert (ended.code, ended.complaints, ended.said("joined")) == (0, [], ["0"])
    parent, child = ended.said("parent"), ended.said("child")
    assert server.counts == dict.fromkeys(parent + child, 1)
    assert (len(parent), len(child)) == (7, 3)
    assert not server.peers(*parent) & server.peers(*child)
