"""The transports that are held to the same, and where a program that uses each of them lives.

A transport joins with one line. One of your own does by `RAVEN_TRANSPORT`, and then it is the only one:

    RAVEN_TRANSPORT=yourpackage.module:YourTransport pytest --pyargs raven.testing.conformance
"""

from __future__ import annotations

import os
from importlib import import_module

from raven.pipeline import Stack
from raven.sinks import Sink
from raven.sinks.http import HTTPSink
from raven.testing.conformance.patched import fits
from raven.testing.habitats import AsyncioLoop, EventletHub, GeventHub, Habitat, Reactor, habitat
from raven.transport.asyncio import AsyncioHTTPTransport
from raven.transport.eventlet import EventletHTTPTransport
from raven.transport.gevent import GeventedHTTPTransport
from raven.transport.http import HTTPTransport
from raven.transport.requests import RequestsHTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport
from raven.transport.threaded_requests import ThreadedRequestsHTTPTransport
from raven.transport.tornado import TornadoHTTPTransport
from raven.transport.twisted import TwistedHTTPTransport

_OURS: tuple[type[Stack], ...] = (
    HTTPTransport,
    ThreadedHTTPTransport,
    RequestsHTTPTransport,
    ThreadedRequestsHTTPTransport,
    GeventedHTTPTransport,
    EventletHTTPTransport,
    AsyncioHTTPTransport,
    TornadoHTTPTransport,
    TwistedHTTPTransport,
)

_HABITATS: dict[str, type[Habitat]] = {
    "AsyncioRuntime": AsyncioLoop,
    "EventletRuntime": EventletHub,
    "GeventRuntime": GeventHub,
    "TwistedRuntime": Reactor,
}
"""By the runtime of a sink. Programs of all others need no loop."""


def home_of(sink: Sink) -> Habitat:
    """Where what uses this sink lives."""
    return habitat(_HABITATS.get(type(sink.runtime()).__name__, Habitat))


def _chosen() -> tuple[type[Stack], ...]:
    name = os.environ.get("RAVEN_TRANSPORT")
    if not name:
        return tuple(each for each in _OURS if fits(each.sink))
    module, _, transport = name.partition(":")
    found: type[Stack] = getattr(import_module(module), transport)
    return (found,)


TRANSPORTS = _chosen()
QUEUED = tuple(each for each in TRANSPORTS if any(stage.role == "queue" for stage in each.stages))
SINKS: tuple[type[HTTPSink], ...] = tuple(
    dict.fromkeys(type(each.sink) for each in TRANSPORTS if isinstance(each.sink, HTTPSink))
)
