"""Each transport, and clients that live where its programs do."""

from __future__ import annotations

import pytest

from raven import Client
from raven.pipeline import Stack
from raven.testing.conformance.transports import QUEUED, TRANSPORTS, home_of
from tests.process.conftest import server, start

__all__ = ["server", "start"]


@pytest.fixture(params=TRANSPORTS, ids=lambda transport: transport.__name__)
def transport(request: pytest.FixtureRequest) -> type[Stack]:
    """A test with this is done with each transport."""
    transport: type[Stack] = request.param
    return transport


@pytest.fixture(params=QUEUED, ids=lambda transport: transport.__name__)
def queued(request: pytest.FixtureRequest) -> type[Stack]:
    """A test with this is done with each transport that delivers beside the program."""
    transport: type[Stack] = request.param
    return transport


def at_home(dsn: str, stack: Stack) -> Client:
    """A client that was made where programs with this transport live."""
    return home_of(stack.sink).call(lambda: Client(dsn, stack))
