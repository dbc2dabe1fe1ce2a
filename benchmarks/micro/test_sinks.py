"""What it costs to send 2 KB through each sink, beside a raw socket and urllib3."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import urllib3

from raven.request import Request
from raven.runtimes import Runtime
from raven.sinks.http import HTTPSink
from raven.testing import fake_context
from raven.testing.conformance.transports import SINKS, home_of
from raven.transport.threaded import ThreadedHTTPTransport

Many = Callable[..., None]
BODY = b"x" * 2_048
HEADERS = {
    "Content-Type": "application/x-sentry-envelope",
    "User-Agent": "raven/7",
    "X-Sentry-Auth": "Sentry sentry_version=7, sentry_key=public",
}
PATH = "/api/1/envelope/"


@pytest.fixture
def raw(port: int) -> Iterator[Callable[[int], None]]:
    """Sends the same bytes through a raw socket."""
    fields = {"Host": f"127.0.0.1:{port}", **HEADERS, "Content-Length": str(len(BODY))}
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    whole = "\r\n".join([*lines, "", ""]).encode() + BODY

    with socket.create_connection(("127.0.0.1", port)) as connection:

        def post(count: int) -> None:
            for _ in range(count):
                connection.sendall(whole)
                assert connection.recv(65_536)

        yield post


def test_urllib3(many: Many, port: int) -> None:
    with urllib3.HTTPConnectionPool("127.0.0.1", port) as pool:

        def post(count: int) -> None:
            for _ in range(count):
                assert pool.urlopen("POST", PATH, body=BODY, headers=HEADERS).status == 200

        many("one urllib3 POST", post)


@pytest.mark.parametrize("kind", SINKS, ids=lambda each: each.__name__)
def test_a_sink(many: Many, port: int, raw: Callable[[int], None], kind: type[HTTPSink]) -> None:
    home = home_of(kind())

    def bind() -> tuple[Runtime, Any]:
        sink = kind()
        runtime = sink.runtime()
        return runtime, sink.bind(fake_context(runtime, f"http://public@127.0.0.1:{port}/1"))

    runtime, bound = home.call(bind)

    async def post(count: int) -> None:
        for _ in range(count):
            request = Request("0" * 32, body=BODY, headers=HEADERS, endpoint="envelope", deadline=time.monotonic() + 5)
            assert (await bound(request)).delivered

    def post_all(count: int) -> None:
        runtime.run(partial(post, count))

    if kind is type(ThreadedHTTPTransport.sink):
        many("the default sink", post_all, **{"raw socket": raw})
    else:
        many(kind.__name__, post_all)
    bound.close()
