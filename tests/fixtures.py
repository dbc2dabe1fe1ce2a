"""A certificate for loopback, and a way to post to a server without Raven."""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

Post = Callable[..., str]


@dataclass(frozen=True)
class Trusted:
    """What a server on loopback needs to speak TLS, and the PEM file that its clients have to trust."""

    context: ssl.SSLContext
    ca_certs: str


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Trusted:
    """A certificate for the names of loopback, by an authority of the tests' own."""
    authority, file = trustme.CA(), tmp_path_factory.mktemp("trusted") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return Trusted(context, str(file))


@pytest.fixture(scope="session")
def post_event() -> Post:
    """A function `post(dsn, event, store=False)` that sends an event and returns its id.

    It fills in `event_id`, `timestamp` and `platform` where `event` lacks them.
    """
    return _post


def _post(dsn: str, event: dict[str, Any], store: bool = False) -> str:
    event = {"event_id": uuid.uuid4().hex, "timestamp": time.time(), "platform": "python"} | event
    payload = json.dumps(event).encode()
    kind, body = "application/json", payload
    if not store:
        kind = "application/x-sentry-envelope"
        headers = [{"event_id": event["event_id"]}, {"type": "event", "length": len(payload)}]
        body = b"\n".join([*(json.dumps(header).encode() for header in headers), payload, b""])
    address = urlsplit(dsn)
    url = f"http://{address.hostname}:{address.port}/api{address.path}/{'store' if store else 'envelope'}/"
    auth = f"Sentry sentry_version=7, sentry_client=test/0, sentry_key={address.username}"
    request = urllib.request.Request(url, body, {"Content-Type": kind, "X-Sentry-Auth": auth})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        assert response.status == 200
    return str(event["event_id"])
