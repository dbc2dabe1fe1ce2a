"""Fixtures: real servers, one of each kind for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest

from .bugsink import Bugsink
from .kent import Kent
from .process import LocalServer

_Server = TypeVar("_Server", bound=LocalServer)


@pytest.fixture(scope="session")
def bugsink() -> Iterator[Bugsink]:
    """A Bugsink that all tests share: look for your own event ids only."""
    yield from _running(Bugsink())


@pytest.fixture(scope="session")
def kent() -> Iterator[Kent]:
    """A Kent that all tests share; it keeps the last 100 payloads."""
    yield from _running(Kent())


def _running(server: _Server) -> Iterator[_Server]:
    server.start()
    yield server
    server.stop()
