"""Clients with options, which deliver to memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from raven import Client, Stack
from raven.capture import hooks
from raven.pipeline import Serialize
from raven.testing import MemorySink
from raven.testing.driver import DSN


class Made:
    """`client`, and the `events` that it has sent, as the server would have got them."""

    def __init__(self, **options: Any) -> None:
        self._sink = MemorySink()
        self.client = Client(DSN, Stack(Serialize(), sink=self._sink), **{"install_sys_hook": False, **options})

    @property
    def events(self) -> list[dict[str, Any]]:
        """All of them, in the order in which they were sent."""
        return [json.loads(request.body or b"null") for request in self._sink.requests]

    @property
    def event(self) -> dict[str, Any]:
        """The only one."""
        (event,) = self.events
        return event

    @property
    def last(self) -> dict[str, Any]:
        """The latest."""
        return self.events[-1]

    @property
    def crumbs(self) -> list[Any]:
        """The messages of the breadcrumbs that the next event would have."""
        self.client.capture_message("what are the breadcrumbs?")
        return [crumb.get("message") for crumb in self.last.get("breadcrumbs", {}).get("values", [])]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client that another test has left open hears of anything."""
    for hook in (hooks.EXCEPTHOOK, hooks.THREADING, hooks.UNRAISABLE, hooks.RECORDS):
        monkeypatch.setattr(hook, "clients", {})


Make = Callable[..., Made]


@pytest.fixture
def make(alone: None) -> Iterator[Make]:
    """`make(**options)` makes a client, which is closed at the end of the test."""
    made: list[Made] = []

    def make_one(**options: Any) -> Made:
        made.append(Made(**options))
        return made[-1]

    yield make_one
    for each in made:
        each.client.close()
