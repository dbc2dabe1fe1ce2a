"""A pytest fixture that captures what a program sends. In a conftest.py: `pytest_plugins = ["raven.testing.fixtures"]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ..client import Client
from ..pipeline import Serialize, Stack
from ..sinks.memory import MemorySink
from .driver import DSN


class Captured:
    """`client` is to be given to the program; `events` has what it sent, as the server would have got it."""

    def __init__(self) -> None:
        self._sink = MemorySink()
        self.client = Client(DSN, Stack(Serialize(), sink=self._sink))

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, in the order in which they were sent."""
        return [json.loads(request.body or b"null") for request in self._sink.requests]


@pytest.fixture
def raven_captured() -> Iterator[Captured]:
    """A client that delivers to memory.

    def test_a_failed_payment_is_reported(raven_captured):
        pay(order, client=raven_captured.client)
        assert raven_captured.events[0]["exception"]["values"][-1]["type"] == "PaymentError"
    """
    captured = Captured()
    with captured.client:
        yield captured
