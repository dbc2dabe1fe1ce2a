"""What a program captures where it lives is what real servers have afterwards."""

from __future__ import annotations

import pytest

from raven import Client
from raven.pipeline import Stack
from raven.testing.bugsink import Bugsink
from raven.testing.conformance.transports import home_of
from raven.testing.kent import Kent


@pytest.mark.parametrize("name", ["bugsink", "kent"])
def test_an_exception_is_read_back(name: str, transport: type[Stack], request: pytest.FixtureRequest) -> None:
    server: Bugsink | Kent = request.getfixturevalue(name)

    def capture() -> tuple[Client, str | None]:
        client = Client(f"{server.dsn}?timeout=10", transport)
        try:
            raise LookupError("größer als 日本語")
        except LookupError:
            return client, client.capture_exception()

    client, event_id = home_of(transport.sink).call(capture)
    assert client.close(10)
    assert event_id is not None
    (exception,) = server.event(event_id)["exception"]["values"]
    assert (exception["type"], exception["value"]) == ("LookupError", "größer als 日本語")
    assert exception["stacktrace"]["frames"][-1]["function"].endswith("capture")
