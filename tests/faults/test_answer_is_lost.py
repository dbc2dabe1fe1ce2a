"""A connection that breaks after the server has read the event: it is sent again, under the same id, and counts once."""

from __future__ import annotations

import json

import pytest

from raven.ledger import Stats
from raven.pipeline import Stack
from raven.testing.http_server import Behaviour, Connection, Server, answer, hang_up, reset
from tests.faults.conftest import at_home


def take_and(then: Behaviour) -> Behaviour:
    """Read a request, and break off without an answer."""

    def behave(connection: Connection) -> None:
        connection.request()
        then(connection)

    return behave


@pytest.mark.parametrize("then", [hang_up, reset], ids=["FIN", "RST"])
def test_it_is_sent_again_under_the_same_id_and_counts_once(transport: type[Stack], then: Behaviour) -> None:
    with Server(take_and(then), answer()) as server:
        with at_home(
            server.dsn(), transport(backoff=0.01, encoding="none", timeout=20.0, total_timeout=40.0)
        ) as client:
            sent = client.capture_message("twice")
            assert client.flush(40)
            assert client.stats() == Stats(accepted=1, delivered=1)
        assert [json.loads(each.body.split(b"\n")[0])["event_id"] for each in server.requests] == [sent, sent]
        assert [each.connection for each in server.requests] == [0, 1]
