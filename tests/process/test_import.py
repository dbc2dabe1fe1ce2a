"""To import Raven, and to make a client, is cheap: nothing heavy is loaded and no thread is started before an event."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import raven
from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start
from tests.process.program import TIMEOUT, environment

HEAVY = (
    "gevent", "greenlet", "eventlet", "tornado", "twisted", "asyncio", "concurrent", "requests", "tenacity", "urllib3",
    "certifi", "email", "http.client", "http", "multiprocessing", "sqlite3", "brotli", "zstandard",
)  # fmt: skip


UNNEEDED = (
    "ssl", "socket", "signal", "pathlib", "ipaddress", "urllib.parse", "sysconfig", "base64", "importlib.util",
    "raven.spool", "raven.pipeline.spool", "raven.pipeline.store", "raven.sinks.tls", "raven.capture.termination",
)  # fmt: skip
"""What a client of a plain HTTP server needs for its first request at the earliest, or never."""


def heavy(modules: set[str]) -> set[str]:
    """Those that are heavy, or a part of something heavy."""
    return {module for module in modules for name in HEAVY if module == name or module.startswith(f"{name}.")}


@pytest.mark.smoke
def test_import_raven_loads_nothing_heavy(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-c", "import raven"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, check=True, cwd=tmp_path, env=environment({})
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "raven.client" in imported
    assert heavy(imported) == set()


def test_a_client_loads_nothing_that_it_does_not_need_yet(tmp_path: Path) -> None:
    source = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import raven
client = raven.Client("http://key@127.0.0.1:1/1")
print(*sorted(set(sys.modules) - before))
"""
    # Without site-packages, whose .pth files have modules loaded before we can look.
    command = [sys.executable, "-I", "-S", "-c", source, str(Path(raven.__file__).parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True, cwd=tmp_path)
    loaded = set(done.stdout.split())
    assert "raven.pipeline.queue" in loaded
    assert loaded.intersection(UNNEEDED) == set()


@pytest.mark.parametrize(
    "transport",
    ["None", "HTTPTransport", "ThreadedHTTPTransport", "RequestsHTTPTransport", "ThreadedRequestsHTTPTransport"],
)
def test_a_client_that_captures_nothing_starts_no_thread_and_loads_nothing_heavy(
    server: CountingServer, start: Start, transport: str
) -> None:
    source = f"""
        from raven.transport.http import HTTPTransport
        from raven.transport.requests import RequestsHTTPTransport
        from raven.transport.threaded import ThreadedHTTPTransport
        from raven.transport.threaded_requests import ThreadedRequestsHTTPTransport
        client = Client(DSN, {transport})
        say("modules", *sys.modules)
        say("threads", threads())
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.said("threads") == ["1"]
    assert heavy(set(ended.said("modules")[0].split())) == set()
    assert server.connections == 0


def test_an_idle_client_and_a_flush_of_nothing_cost_nothing(server: CountingServer, start: Start) -> None:
    source = """
        client = Client(DSN)
        say("flushed", client.flush().name, client.close().name, threads())
        say("modules", *sys.modules)
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.said("flushed") == ["DELIVERED DELIVERED 1"]
    assert heavy(set(ended.said("modules")[0].split())) == set()
    assert server.connections == 0
