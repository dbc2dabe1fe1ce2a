"""An event that the server can't take is dropped after its tries, and holds up none of those behind it."""

from __future__ import annotations

import pytest

from raven import Client
from raven.ledger import Stats
from raven.outcome import Outcome
from raven.pipeline import Stack
from raven.testing.conformance.transports import home_of
from raven.testing.http_server import Connection, Server, response

OTHERS = 20


@pytest.mark.parametrize(("status", "tries"), [(500, 2), (503, 3)])
def test_the_others_are_delivered_first(queued: type[Stack], status: int, tries: int) -> None:
    def behave(connection: Connection) -> None:
        while True:
            poisoned = b"poison" in connection.request().body
            connection.write(response(status, Retry_After="1") if poisoned else response())

    settled: list[tuple[str, str | None]] = []

    def note(event_id: str, outcome: Outcome) -> None:
        settled.append((event_id, outcome.reason))

    # As many of them as there are workers; and the breaker minds them no more than the server minds the others.
    made = queued(workers=2, attempts=3, encoding="none", timeout=20.0, report_interval=None)
    with Server(behave) as server:
        client = home_of(made.sink).call(lambda: Client(server.dsn(), made, on_settled=note))
        poison = [client.capture_message("poison") for _ in range(2)]
        others = [client.capture_message("harmless") for _ in range(OTHERS)]
        assert not client.close(20)
        assert sum(b"poison" in each.body for each in server.requests) == 2 * tries
    assert {event_id for event_id, _ in settled[:OTHERS]} == set(others)
    assert settled[OTHERS:] == [(event_id, "send_error") for event_id, _ in settled[OTHERS:]]
    assert {event_id for event_id, _ in settled[OTHERS:]} == set(poison)
    assert client.stats() == Stats(OTHERS + 2, OTHERS, dropped={"send_error": 2})
