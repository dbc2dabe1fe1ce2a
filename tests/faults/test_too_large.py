"""An event that the server finds too large is cut once and sent again, and then that is that."""

from __future__ import annotations

import json

import pytest

from raven.ledger import Stats
from raven.pipeline import Stack
from raven.testing.http_server import Server, answer, response
from tests.faults.conftest import at_home


@pytest.mark.parametrize("taken", [True, False])
def test_it_is_sent_once_more_with_less_in_it(transport: type[Stack], taken: bool) -> None:
    second = response() if taken else response(413)
    with Server(answer(response(413), second, response())) as server:
        made = transport(encoding="none", timeout=20.0, total_timeout=40.0, report_interval=None, connections=1)
        with at_home(server.dsn(), made) as client:
            sent = client.capture_message("large", extra={"a": ["x" * 400] * 50})
            assert bool(client.flush(20)) is taken
            stats = client.stats()
        first, again, *others = [each.body for each in server.requests if is_event(each.body)]
        assert stats == (Stats(1, 1) if taken else Stats(1, dropped={"send_error": 1}))
    assert others == []
    assert len(again) < len(first) / 2
    assert [json.loads(body.split(b"\n")[0])["event_id"] for body in (first, again)] == [sent, sent]


def is_event(body: bytes) -> bool:
    """And no report of what was dropped."""
    return bool(json.loads(body.split(b"\n")[1])["type"] == "event")
