"""What does a POST over HTTPS cost on Tornado's loop?

Posts 2 KB, one after another, to a server on loopback: by the sink of `TornadoHTTPTransport`, and by Tornado's own
`AsyncHTTPClient`, each in turn, and the best of the rounds counts.

    pip install -e ".[test]" && python benchmarks/tornado_client.py
"""

from __future__ import annotations

import asyncio
import platform
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import trustme
from tornado.httpclient import AsyncHTTPClient

from raven.request import Request
from raven.sinks.asyncio import AsyncioSink
from raven.testing import fake_context
from raven.testing.http_server import Server

ROUNDS = 5
POSTS = 300
BODY = b"x" * 2_048
Post = Callable[[], Awaitable[object]]


async def seconds_of(post: Post) -> float:
    """For one POST."""
    await post()  # the first connects, and imports
    began = time.perf_counter()
    for _ in range(POSTS):
        await post()
    return (time.perf_counter() - began) / POSTS


async def measure(port: int, authority: str) -> dict[str, float]:
    """The best seconds of each."""
    sink = AsyncioSink(ca_certs=authority)
    bound = sink.bind(fake_context(sink.runtime(), f"https://key@localhost:{port}/42"))
    client = AsyncHTTPClient()
    trusting = ssl.create_default_context(cafile=authority)
    url = f"https://localhost:{port}/api/42/envelope/"

    async def ours() -> object:
        return await bound(Request("0" * 32, body=BODY, endpoint="envelope"))

    async def tornados() -> object:
        return await client.fetch(url, method="POST", body=BODY, ssl_options=trusting)

    ways: dict[str, Post] = {"the sink of TornadoHTTPTransport": ours, "tornado.httpclient.AsyncHTTPClient": tornados}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, post in ways.items():
            best[name] = min(best[name], await seconds_of(post))
    bound.close()
    return best


def serve(certificate: str) -> None:
    """Answer until stdin ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(context=context) as server:
        print(server.port, flush=True)
        sys.stdin.read()


def main() -> None:
    """Measure against a server in a process of its own."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        trusted, certificate = Path(folder) / "ca.pem", Path(folder) / "server.pem"
        authority.cert_pem.write_to_path(str(trusted))
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        command = [sys.executable, __file__, str(certificate)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            best = asyncio.run(measure(int(server.stdout.readline()), str(trusted)))
            server.communicate()
    print(f"CPython {platform.python_version()}, {platform.machine()}; {POSTS} POSTs over HTTPS; best of {ROUNDS}")
    for name, seconds in best.items():
        print(f"{name:36} {seconds * 1e6:8.0f} us")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        main()
