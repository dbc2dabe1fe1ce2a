"""What is captured is what real servers have afterwards, whatever carries it."""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from typing import Any

import pytest

from raven import Client
from raven.pipeline import Envelope, Stack, Store
from raven.testing.bugsink import Bugsink
from raven.testing.conformance.transports import TRANSPORTS, home_of
from raven.testing.counting_server import CountingServer
from raven.testing.kent import Kent
from raven.transport.http import HTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport

FRAMES = [Envelope, Store]
ENCODINGS = ["gzip", "none", "deflate", "br", "zstd"]

# Kent has no br and no zstd, and does not say so: it answers 500. Bugsink takes neither zlib's deflate nor zstd, and those
# arrive because the stage falls back to gzip.
SERVERS = [*(("bugsink", encoding) for encoding in ENCODINGS), *(("kent", encoding) for encoding in ENCODINGS[:3])]

# The stages are the same in every transport, so that all of it is done with two of them.
CASES = [
    (transport, frame, server, encoding)
    for transport in TRANSPORTS
    for frame in FRAMES
    for server, encoding in SERVERS
    if transport in (HTTPTransport, ThreadedHTTPTransport) or (frame, encoding) == (Envelope, "gzip")
]

all_transports = pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__)
all_frames = pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__name__)
all_cases = pytest.mark.parametrize(
    ("transport", "frame", "server_name", "encoding"), CASES, ids=lambda part: getattr(part, "__name__", part)
)

MESSAGES = [
    "größer als 日本語 🐦",
    'quoted "text", a \\ backslash,\n\ta second line and \x7f\u2028',
    "%s is no placeholder",
    "x" * 8_000,
]


class Kündigungsfehler(Exception):
    """An error whose name is outside ASCII, raised from another."""


@pytest.fixture
def server(server_name: str, request: pytest.FixtureRequest) -> Bugsink | Kent:
    """The server of that name."""
    running: Bugsink | Kent = request.getfixturevalue(server_name)
    return running


def deliver(transport: type[Stack], frame: type[Envelope | Store], dsn: str, **event: Any) -> str:
    """Capture through a transport; returns the event's id once all that lies between says that it is delivered."""

    def capture() -> tuple[Client, str | None]:
        client = Client(dsn, transport().replace(Envelope, frame()))
        return client, client.capture_exception(**event) if "error" in event else client.capture_message(**event)

    client, event_id = home_of(transport.sink).call(capture)
    assert event_id is not None
    assert client.close(10)
    stats = client.stats()
    assert (stats.accepted, stats.delivered, stats.pending, dict(stats.dropped)) == (1, 1, 0, {})
    return event_id


def kündigen(größe: int, name: str) -> None:
    wörter = ["naïve", "日本語", "🐦"]
    preise = {"Äpfel": 1.5, "Öl": None, "verkauft": True}
    raise LookupError(f"{name}: {wörter[größe]} kostet {preise['Äpfel']} €")


def buchen(beträge: list[int]) -> None:
    leer: dict[str, int] = {}
    try:
        kündigen(größe=2, name="Müller")
    except LookupError as error:
        raise Kündigungsfehler("«Konto» gekündigt", 17, leer, beträge) from error


def raised() -> Kündigungsfehler:
    """An exception with a cause, each of several frames."""
    try:
        buchen([10, -3])
    except Kündigungsfehler as error:
        return error
    raise AssertionError


def frames_of(error: BaseException, variables: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What its traceback says of each frame. `variables` are those of each function."""
    folder = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        lines = [text.rstrip("\n") for text in linecache.getlines(code.co_filename)]
        # What failed is the first thing on its line, each time.
        begins = len(lines[line - 1]) - len(lines[line - 1].lstrip()) + 1
        column = {"colno": begins} if sys.version_info >= (3, 11) else {}
        frames.append(
            {
                "function": code.co_name,
                "module": __name__,
                "abs_path": code.co_filename,
                "filename": os.path.relpath(code.co_filename, folder),
                "lineno": line,
                **column,
                "pre_context": lines[line - 6 : line - 1],
                "context_line": lines[line - 1],
                "post_context": lines[line : line + 5],
                "vars": variables[code.co_name],
                "in_app": True,
            }
        )
    return frames


def expected(error: Kündigungsfehler) -> list[dict[str, Any]]:
    """The exception as any Sentry-compatible server should have it: the cause first, the outermost frame first."""
    cause = error.__cause__
    assert cause is not None
    of_cause: dict[str, dict[str, Any]] = {
        "kündigen": {
            "größe": 2,
            "name": "'Müller'",
            "wörter": ["naïve", "日本語", "🐦"],
            "preise": {"Äpfel": 1.5, "Öl": None, "verkauft": True},
        },
        # `error` is gone when its handler is left.
        "buchen": {"beträge": [10, -3], "leer": {}},
    }
    return [
        {
            "type": "LookupError",
            "value": "Müller: 🐦 kostet 1.5 €",
            "stacktrace": {"frames": frames_of(cause, of_cause)},
            "mechanism": {
                "type": "chained",
                "handled": True,
                "exception_id": 1,
                "parent_id": 0,
                "source": "__cause__",
            },
        },
        {
            "type": "Kündigungsfehler",
            "module": __name__,
            "value": "('«Konto» gekündigt', 17, {}, [10, -3])",
            "stacktrace": {"frames": frames_of(error, of_cause | {"raised": {}})},
            "mechanism": {"type": "generic", "handled": True, "exception_id": 0},
        },
    ]


@all_cases
def test_an_exception_is_read_back_as_it_was_raised(
    server: Bugsink | Kent, transport: type[Stack], frame: type[Envelope | Store], encoding: str
) -> None:
    error = raised()
    event_id = deliver(transport, frame, f"{server.dsn}?encoding={encoding}&timeout=10", error=error, level="fatal")
    stored = server.event(event_id)
    assert stored["exception"]["values"] == expected(error)
    assert (stored["event_id"], stored["level"], stored["platform"]) == (event_id, "fatal", "python")


@all_cases
def test_a_message_is_read_back_as_it_was_written(
    server: Bugsink | Kent, transport: type[Stack], frame: type[Envelope | Store], encoding: str
) -> None:
    dsn = f"{server.dsn}?encoding={encoding}&timeout=10&compress_above=0"
    for text in MESSAGES:
        stored = server.event(deliver(transport, frame, dsn, message=text, tags={"größe": "XL ü"}))
        assert stored["logentry"] == {"message": text, "formatted": text}
        assert stored["tags"] == {"größe": "XL ü"}
    stored = server.event(deliver(transport, frame, dsn, message="%s kostet %d €", params=("Öl", 3)))
    assert stored["logentry"] == {"message": "%s kostet %d €", "params": ["Öl", 3], "formatted": "Öl kostet 3 €"}


@pytest.mark.smoke
@all_transports
@all_frames
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_travels_is_framed_and_encoded_as_configured(
    transport: type[Stack], frame: type[Envelope | Store], encoding: str
) -> None:
    error = raised()
    with CountingServer() as server:
        event_id = deliver(transport, frame, f"{server.dsn}?encoding={encoding}&timeout=10", error=error)
    (received,) = server.received
    assert (received.event_id, received.endpoint, received.encoding) == (event_id, frame.__name__.lower(), encoding)
    assert received.json()["event_id"] == event_id
    assert received.json()["exception"]["values"] == expected(error)
