"""Ten times what the queue holds: what is dropped is what the policy says, counted, and told to the server."""

from __future__ import annotations

import pytest

from raven.ledger import Stats
from raven.pipeline import Stack
from raven.testing.counting_server import CountingServer
from tests.faults.conftest import at_home

SIZE = 10
EVENTS = 10 * SIZE
WORKERS = 2


@pytest.mark.parametrize("policy", ["newest", "oldest", "block"])
def test_the_counts_are_exact_and_the_report_leaves(queued: type[Stack], policy: str) -> None:
    made = queued(
        workers=WORKERS, queue_size=SIZE, overflow=policy, overflow_timeout=0.005, timeout=20.0, total_timeout=60.0
    )
    with CountingServer() as server:
        server.hold()
        client = at_home(server.dsn, made)
        sent = [client.capture_message(f"{number}") for number in range(WORKERS)]
        server.wait_for(WORKERS)
        sent += [client.capture_message(f"{number}") for number in range(WORKERS, EVENTS)]
        assert client.stats() == Stats(EVENTS, 0, SIZE, {"queue_overflow": EVENTS - SIZE})
        server.release()
        assert not client.close(20)
        kept = sent[:WORKERS] + sent[-(SIZE - WORKERS) :] if policy == "oldest" else sent[:SIZE]
        assert server.counts == dict.fromkeys(kept, 1)
        assert client.stats() == Stats(EVENTS, SIZE, 0, {"queue_overflow": EVENTS - SIZE})
        told = [each for report in server.reports for each in report["discarded_events"]]
        assert {(each["reason"], each["category"]) for each in told} == {("queue_overflow", "error")}
        assert sum(each["quantity"] for each in told) == EVENTS - SIZE


def test_with_time_enough_nothing_is_dropped(queued: type[Stack]) -> None:
    made = queued(workers=WORKERS, queue_size=SIZE, overflow="block", overflow_timeout=20.0, timeout=20.0)
    with CountingServer() as server, at_home(server.dsn, made) as client:
        sent = [client.capture_message(f"{number}") for number in range(EVENTS)]
        assert client.flush(20)
        assert server.counts == dict.fromkeys(sent, 1)
