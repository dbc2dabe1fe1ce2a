"""A program that captures all that is logged, from DEBUG on, does not capture what its own captures and deliveries log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from raven.handlers.logging import SentryHandler
from raven.ledger import Stats
from raven.pipeline import Stack
from raven.testing.http_server import Server, answer, refusing_port, response
from tests.faults.conftest import at_home
from tests.fixtures import Trusted

EVENTS = 8  # for whose second tries there is a budget


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, at its lowest level."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers.copy()
    root.setLevel(1)
    yield root
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.parametrize("fault", ["refused", "500", "garbage", "certificate"])
def test_a_failing_delivery_makes_no_event_and_few_lines(
    transport: type[Stack], fault: str, root: logging.Logger, caplog: pytest.LogCaptureFixture, trusted: Trusted
) -> None:
    data = b"garbage\r\n\r\n" if fault == "garbage" else response(500)
    context = trusted.context if fault == "certificate" else None
    with Server(answer(data), context=context) as server:
        dsn = f"http://public@127.0.0.1:{refusing_port()}/1" if fault == "refused" else server.dsn()
        client = at_home(
            dsn, transport(backoff=0.001, attempts=2, retry_share=100, breaker_failures=10_000, timeout=20.0)
        )
        handler = SentryHandler(client, level=1)
        root.addHandler(handler)
        for number in range(EVENTS):
            root.error("line %d", number)
        assert not client.close(20)
        root.removeHandler(handler)
    reason = "send_error" if fault == "500" else "network_error"
    assert client.stats() == Stats(EVENTS, dropped={reason: EVENTS})
    warned = [record for record in caplog.records if record.name == "raven.delivery" and record.levelno > logging.DEBUG]
    assert len(warned) == 1
