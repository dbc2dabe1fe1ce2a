"""A server that closes a connection while it is idle costs no event, no try and no pause."""

from __future__ import annotations

import pytest

from raven.ledger import Stats
from raven.pipeline import Stack
from raven.testing.http_server import Behaviour, Connection, Server, answer, hang_up, reset, reset_at_first_byte
from tests.faults.conftest import at_home


def read_and_hang_up(connection: Connection) -> None:
    connection.request()


ENDS = {
    "FIN while it is idle": hang_up,
    "RST while it is idle": reset,
    "RST at the first byte": reset_at_first_byte,
    "FIN in place of an answer": read_and_hang_up,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_next_event_is_delivered_by_its_only_try(transport: type[Stack], end: Behaviour) -> None:
    with Server(answer(times=1, then=end), answer()) as server:
        # With one attempt, whatever counts as a try of its own ends in a failure.
        with at_home(server.dsn(), transport(attempts=1, timeout=20.0)) as client:
            for _ in range(3):
                client.capture_message("the connection may be stale")
                assert client.flush(20)
            assert client.stats() == Stats(accepted=3, delivered=3)
        assert server.connections == 2
