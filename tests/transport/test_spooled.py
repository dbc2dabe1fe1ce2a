"""The spool under every runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from raven import Client
from raven.errors import InvalidOption
from raven.ledger import Stats
from raven.pipeline import Breaker, Queue, Spool, Stack
from raven.spool.survey import survey
from raven.testing.conformance.test_leftovers import errors_to_collect, uncollected
from raven.testing.counting_server import CountingServer
from raven.testing.http_server import refusing_port
from raven.testing.process import poll
from raven.transport.spooled import SpooledHTTPTransport
from tests.faults.conftest import at_home, queued

__all__ = ["queued", "uncollected"]

EVENTS = 20


def test_each_event_is_delivered_once_and_nothing_is_left(queued: type[Stack], tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with CountingServer() as server:
        stack = queued(timeout=20.0).replace(Queue, Spool(str(folder)))
        client = at_home(server.dsn, stack)
        sent = [client.capture_message(f"{number}") for number in range(EVENTS)]
        assert client.close(20)
        assert client.stats() == Stats(accepted=EVENTS, delivered=EVENTS)
        assert server.counts == dict.fromkeys(sent, 1)
    assert list(folder.iterdir()) == []


def test_what_an_outage_left_on_disk_is_replayed(queued: type[Stack], tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with CountingServer(lambda number: 503 if number < EVENTS else 200) as server:
        stack = queued(timeout=20.0, attempts=1).replace(Queue, Spool(str(folder), replay_pause=0))
        client = at_home(server.dsn, stack.replace(Breaker(longest_outage=0, breaker_failures=1_000)))
        sent = [client.capture_message(f"{number}") for number in range(EVENTS)]
        assert client.flush(60)
        assert client.stats() == Stats(accepted=EVENTS, delivered=EVENTS)
        assert server.counts == dict.fromkeys(sent, 1)
        client.close(20)
    assert list(folder.iterdir()) == []


def test_the_next_client_delivers_what_one_left(queued: type[Stack], tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    status = [503]
    with CountingServer(lambda number: status[0]) as server:
        stack = queued(timeout=20.0, attempts=1).replace(Queue, Spool(str(folder), replay_pause=0))
        client = at_home(server.dsn, stack)
        sent = [client.capture_message(f"{number}") for number in range(EVENTS)]
        client.close(0.2)
        assert client.stats() == Stats(accepted=EVENTS, dropped={"spooled": EVENTS})
        # What is under way when it is closed ends first; the heir would look again, but in ten seconds.
        assert poll(lambda: not any(each.in_use for each in survey(str(folder)).files) or None, 20)
        status[0] = 200
        heir = at_home(server.dsn, stack)
        server.wait_for(EVENTS)
        heir.close(20)
        assert server.counts == dict.fromkeys(sent, 1)


def test_the_prebuilt_one_takes_its_folder_from_the_dsn(tmp_path: Path) -> None:

    with CountingServer() as server:
        client = Client(f"{server.dsn}?spool={tmp_path / 'spool'}&durability=power", SpooledHTTPTransport)
        client.capture_message("hello")
        assert client.close(20)
        assert len(server.received) == 1


@pytest.mark.parametrize("option", ["spool_bytes=1", "durability=none", "replay_pause=-1", "spool_age=0"])
def test_options_that_make_no_sense_are_refused(option: str, tmp_path: Path) -> None:

    with pytest.raises(InvalidOption):
        Client(f"http://public@localhost/1?spool={tmp_path / 'spool'}&{option}", SpooledHTTPTransport)


@pytest.mark.usefixtures("uncollected")
def test_what_fails_leaves_no_errors_to_the_garbage_collector(tmp_path: Path) -> None:
    dsn = f"http://key@127.0.0.1:{refusing_port()}/1?attempts=1&spool={tmp_path}"
    with Client(dsn, SpooledHTTPTransport) as client:
        client.capture_message("one")
        assert client.flush(0.2).value == "timeout"
    assert errors_to_collect() == []
