"""Fixtures for the tests of events."""

from __future__ import annotations

import pytest

from .checks import (
    Clock,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("raven.events.interrupt.time", clock)
    monkeypatch.setattr("raven.events.own_words.time", clock)
    return clock
