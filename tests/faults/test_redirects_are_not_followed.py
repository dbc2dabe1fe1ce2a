"""A redirect is a failure, and what it names hears nothing: neither the event nor the key."""

from __future__ import annotations

import pytest

from raven.ledger import Stats
from raven.pipeline import Stack
from raven.testing.http_server import Server, answer, response
from tests.faults.conftest import at_home
from tests.fixtures import Trusted

CODES = [301, 302, 303, 307, 308]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_byte_goes_there_and_the_event_counts_as_dropped(
    transport: type[Stack], scheme: str, trusted: Trusted
) -> None:
    def to(location: str) -> list[bytes]:
        return [response(code, Location=location) for code in CODES]

    with Server() as target:
        places = [f"http://127.0.0.1:{target.port}/api/42/envelope/", f"http://localhost:{target.port}/", "/elsewhere"]
        answers = [each for place in places for each in to(place)]
        with Server(answer(*answers), context=trusted.context if scheme == "https" else None) as server:
            stack = transport(connections=1, ca_certs=trusted.ca_certs, timeout=20.0)
            with at_home(server.dsn(), stack) as client:
                for _ in answers:
                    client.capture_message("do not follow")
                assert not client.flush(20)
                assert client.stats() == Stats(len(answers), dropped={"send_error": len(answers)})
            # The last one tells of what was dropped.
            assert len(answers) < len(server.requests) <= len(answers) + 2
            assert {each.target for each in server.requests} == {"/api/42/envelope/"}
        assert target.connections == 0
