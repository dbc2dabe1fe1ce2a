"""Programs that gevent or Eventlet has monkey-patched, early or late, deliver everything by whatever transport."""

from __future__ import annotations

from textwrap import dedent

import pytest

from raven.testing.counting_server import CountingServer
from raven.testing.http_server import Behaviour, Connection, Server, answer, dripping, response
from raven.testing.proxies import forwarding
from tests.fixtures import Trusted
from tests.process.conftest import Start
from tests.process.program import Ended

PATCHES = {
    "gevent": """
import warnings
warnings.filterwarnings("ignore", "Monkey-patching ssl after ssl")
import gevent.monkey
gevent.monkey.patch_all()
import gevent

def all_done(work, count):
    gevent.joinall([gevent.spawn(work) for _ in range(count)], raise_error=True)

nap = gevent.sleep
""",
    "eventlet": """
import warnings
warnings.filterwarnings("ignore", r"\\s*Eventlet is deprecated")
import eventlet
eventlet.monkey_patch()

def all_done(work, count):
    for each in [eventlet.spawn(work) for _ in range(count)]:
        each.wait()

nap = eventlet.sleep
""",
}
TRANSPORTS = {"threaded": "threaded", "requests": "threaded_requests", "green": ""}
SCHEMES = {"threaded": "", "requests": "threaded+requests+"}
OPTIONS = "timeout=10&shutdown_timeout=10"

of_each_library = pytest.mark.parametrize("library", PATCHES)
of_each_transport = pytest.mark.parametrize("transport", TRANSPORTS)
of_each_moment = pytest.mark.parametrize("moment", ["patched early", "patched late"])


def run(start: Start, library: str, transport: str, moment: str, source: str, *dsns: str) -> Ended:
    """Run a program that has `clients` with these DSNs to its end. Late is: when it has imported Raven's transport."""
    scheme = SCHEMES.get(transport, f"{library}+")
    clients = f"clients = [Client({scheme!r} + dsn) for dsn in {list(dsns)!r}]\n{dedent(source)}"
    patch = PATCHES[library]
    if moment == "patched early":
        return start(clients, dsns[0], first=patch).end()
    module = TRANSPORTS[transport] or library
    warm = f"import raven.transport.{module}\n"
    if library == "eventlet":  # its own runtime imports Eventlet, which warns of its end and then knows that it did
        warm = 'import warnings\nwarnings.filterwarnings("ignore", r"\\s*Eventlet is deprecated")\n' + warm
    return start(f"{warm}{patch}{clients}", dsns[0]).end()


@of_each_moment
@of_each_transport
@of_each_library
def test_all_is_delivered_at_flush_and_at_exit(
    start: Start, trusted: Trusted, library: str, transport: str, moment: str
) -> None:
    source = """
        def work():
            for client in clients:
                sent(client, 3, "flushed")
        all_done(work, 5)
        for client in clients:
            say("result", client.flush(15).name)
        def last():
            for client in clients:
                sent(client, 3)
        all_done(last, 5)
    """
    with CountingServer() as server, CountingServer(tls=trusted.context) as secure:
        dsns = [
            f"{server.dsn}?{OPTIONS}",
            f"{secure.dsn}?{OPTIONS}&ca_certs={trusted.ca_certs}",
            f"{server.dsn}?{OPTIONS}".replace("127.0.0.1", "localhost"),
            f"{secure.dsn}?{OPTIONS}&ca_certs={trusted.ca_certs}".replace("127.0.0.1", "localhost"),
        ]
        ended = run(start, library, transport, moment, source, *dsns)
        counts = server.counts + secure.counts
    assert (ended.code, ended.complaints) == (0, [])
    assert ended.said("result") == ["DELIVERED"] * 4
    flushed, sent = ended.said("flushed"), ended.said("sent")
    assert (len(flushed), len(sent)) == (60, 60)
    assert {event_id: counts[event_id] for event_id in flushed} == dict.fromkeys(flushed, 1)
    assert set(counts) == {*flushed, *sent}
    assert max(counts.values()) <= 2


@of_each_transport
@of_each_library
def test_greenlets_go_on_while_no_answer_comes(
    server: CountingServer, start: Start, library: str, transport: str
) -> None:
    source = """
        def work():
            sent(clients[0], 3)
        all_done(work, 2)
        naps = []
        while clients[0].stats().pending == 6 and len(naps) < 50:
            nap(0.005)
            naps.append(None)
        say("naps", len(naps))
        os.write(2, b"napped\\n")
    """
    server.hold()
    scheme = SCHEMES.get(transport, f"{library}+")
    clients = f"clients = [Client({scheme!r} + DSN)]\n{dedent(source)}"
    running = start(clients, f"{server.dsn}?{OPTIONS}", first=PATCHES[library])
    assert running.wait_for("naps") == "50"
    server.wait_for(6)
    server.release()
    ended = running.end()
    assert (ended.code, ended.complaints) == (0, ["napped"])
    assert set(server.counts) == set(ended.said("sent"))


@of_each_library
def test_a_thread_that_is_none_of_greenlets_captures_and_flushes(
    server: CountingServer, start: Start, library: str
) -> None:
    call = {"gevent": "gevent.get_hub().threadpool.apply", "eventlet": "from eventlet import tpool; tpool.execute"}
    source = f"""
        def work():
            sent(clients[0], 5)
            say("result", clients[0].flush(15).name)
        {call[library]}(work)
    """
    ended = run(start, library, "green", "patched early", source, f"{server.dsn}?{OPTIONS}")
    assert (ended.code, ended.complaints, ended.said("result")) == (0, [], ["DELIVERED"])
    assert server.counts == dict.fromkeys(ended.said("sent"), 1)


def drip_hello(connection: Connection) -> None:
    connection.read()
    connection.write(b"\x16\x03\x03\x40\x00")  # the head of a long message of TLS, of which little ever comes
    connection.drip(b"\x02" * 100, 0.05)


@of_each_moment
@of_each_transport
@of_each_library
@pytest.mark.parametrize("behaviour", [drip_hello, dripping(b"", response(200, b"x" * 500))], ids=["TLS", "answer"])
def test_the_deadline_holds_for_a_server_that_drips(
    start: Start, behaviour: Behaviour, library: str, transport: str, moment: str
) -> None:
    source = """
        began = time.monotonic()
        sent(clients[0], 1)
        say("result", clients[0].flush(15).name)
        say("took", time.monotonic() - began)
    """
    with Server(behaviour) as server:
        dsn = f"{server.dsn()}?timeout=0.5&attempts=1"
        if behaviour is drip_hello:
            dsn = dsn.replace("http:", "https:")
        ended = run(start, library, transport, moment, source, dsn)
    assert (ended.code, ended.said("result")) == (0, ["FAILED"])
    assert 0.4 < float(ended.said("took")[0]) < 3


@of_each_moment
@pytest.mark.parametrize("transport", ["threaded", "green"])
@of_each_library
def test_a_proxy_is_used(start: Start, library: str, transport: str, moment: str) -> None:
    source = """
        all_done(lambda: sent(clients[0], 3), 3)
        say("result", clients[0].flush(15).name)
        sent(clients[0], 3)
    """
    with Server(answer()) as target, Server(forwarding(target)) as proxy:
        through = f"http_proxy=http://127.0.0.1:{proxy.port}"
        ended = run(
            start,
            library,
            transport,
            moment,
            source,
            f"http://public@sentry.invalid/1?{OPTIONS}&encoding=none&{through}",
        )
        assert (ended.code, ended.complaints, ended.said("result")) == (0, [], ["DELIVERED"])
        bodies = b"".join(each.body for each in target.requests).decode()
        assert len(ended.said("sent")) == 12
        assert all(event_id in bodies for event_id in ended.said("sent"))
