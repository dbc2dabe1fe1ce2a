"""The books balance while thousands of events are captured, and nothing is lost that is not counted."""

from __future__ import annotations

import contextlib
import logging
import random
import sys
import threading
from collections.abc import Iterator

import pytest

from raven import Client
from raven.ledger import Stats
from raven.pipeline import Report, stage
from raven.request import Request, Response, Send
from raven.testing.counting_server import PATIENCE, Answer, CountingServer
from raven.transport.threaded import ThreadedHTTPTransport

THREADS = 8
EVENTS = 10_000


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    """Threads take turns much more often than they usually do."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    yield
    sys.setswitchinterval(interval)


class Auditor:
    """A thread that looks at a client's books as often as it can, and remembers what it did not like."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ended = threading.Event()
        self.samples = 0
        self.busy_samples = 0
        self.wrong: list[tuple[Stats, Stats]] = []

    def audit(self) -> None:
        before = Stats()
        while not self._ended.wait(0.001):
            now = self._client.stats()
            self.samples += 1
            self.busy_samples += now.pending > 0
            if not balanced(now) or not grown(before, now):
                self.wrong.append((before, now))
            before = now

    def end(self) -> None:
        self._ended.set()


def balanced(stats: Stats) -> bool:
    """Every event that came in is out, or still there."""
    return stats.accepted == stats.delivered + sum(stats.dropped.values()) + stats.pending and stats.pending >= 0


def grown(before: Stats, after: Stats) -> bool:
    """No count but that of what is pending ever goes down."""
    return (
        after.accepted >= before.accepted
        and after.delivered >= before.delivered
        and all(after.dropped.get(reason, 0) >= count for reason, count in before.dropped.items())
    )


@contextlib.contextmanager
def audited(client: Client) -> Iterator[None]:
    """Look at the books all the while."""
    auditor = Auditor(client)
    thread = threading.Thread(target=auditor.audit, daemon=True)
    thread.start()
    try:
        yield
    finally:
        auditor.end()
        thread.join(PATIENCE)
    assert auditor.wrong == []
    assert auditor.busy_samples > 10


def capture_from_threads(client: Client, count: int) -> set[str]:
    """Capture that many events from threads that start together. Returns the ids."""
    ids: list[str | None] = []
    start = threading.Barrier(THREADS)

    def capture() -> None:
        start.wait(PATIENCE)
        for number in range(count // THREADS):
            ids.append(client.capture_message("event %d", params=(number,)))

    threads = [threading.Thread(target=capture, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    captured = {event_id for event_id in ids if event_id is not None}
    assert len(captured) == len(ids) == count
    return captured


def test_ten_thousand_events_from_eight_threads_arrive_once_each() -> None:
    with CountingServer() as server:
        client = Client(f"{server.dsn}?queue_size={EVENTS}&timeout=10", ThreadedHTTPTransport)
        with audited(client):
            captured = capture_from_threads(client, EVENTS)
            assert client.close(60)
        assert client.stats() == Stats(accepted=EVENTS, delivered=EVENTS)
        assert set(server.counts) == captured
        assert set(server.counts.values()) == {1}
        assert server.connections <= 8


@pytest.mark.smoke
def test_what_overflows_is_counted_and_the_rest_arrives_once(caplog: pytest.LogCaptureFixture) -> None:
    with CountingServer() as server:
        client = Client(f"{server.dsn}?queue_size=50&timeout=10", ThreadedHTTPTransport)
        with audited(client):
            captured = capture_from_threads(client, EVENTS)
            assert not client.close(60)
        stats = client.stats()
        assert set(stats.dropped) == {"queue_overflow"}
        assert stats.accepted == EVENTS
        assert stats.pending == 0
        assert stats.delivered == len(server.counts) == EVENTS - stats.dropped["queue_overflow"]
        assert stats.delivered >= 50
        told = [each["discarded_events"] for each in server.reports]
        assert sum(each["quantity"] for discarded in told for each in discarded) == stats.dropped["queue_overflow"]
        assert set(server.counts) <= captured
        assert set(server.counts.values()) == {1}
    warnings = [record for record in caplog.records if record.name == "raven.delivery"]
    assert {record.levelno for record in warnings} == {logging.WARNING}
    assert len(warnings) <= THREADS


def test_nothing_counts_as_delivered_that_a_failing_server_has_not() -> None:
    dice = random.Random(7)
    # Mostly lost connections: of a few, all may be mended by further tries.
    lost: list[Answer] = ["close", "take and close"]
    faults: list[Answer] = [*lost, *lost, *lost, 500, 503, 502, 404, 301]
    answers: list[Answer] = [200 if dice.random() < 0.6 else dice.choice(faults) for _ in range(20_000)]
    delivered: list[str] = []

    @stage
    async def witness(request: Request, send: Send) -> Response:
        response = await send(request)
        if response.delivered:
            delivered.append(request.id)
        return response

    transport = ThreadedHTTPTransport(backoff=0.01, attempts=3, retry_share=2.0, timeout=10.0).before(Report, witness)
    with CountingServer(answers.__getitem__) as server:
        client = Client(server.dsn, transport)
        with audited(client):
            captured = capture_from_threads(client, 800)
            assert not client.close(60)
        stats = client.stats()
        assert stats.pending == 0
        assert stats.accepted == 800
        assert stats.delivered == len(delivered) == len(set(delivered))
        assert set(delivered) <= set(server.counts) <= captured
        assert sum(stats.dropped.values()) == 800 - len(delivered)
        assert set(stats.dropped) == {"send_error", "network_error"}
        assert len(delivered) > 400
