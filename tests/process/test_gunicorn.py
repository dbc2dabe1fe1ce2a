"""A real prefork server: what requests capture is delivered, and nothing is lost when the server is told to end."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.program import TIMEOUT, environment

APPLICATION = """
import os
from raven import Client

client = Client(os.environ["TEST_DSN"] + "?timeout=10&shutdown_timeout=10")
client.capture_message("loaded")  # and when this is before the fork, a worker of the queue runs then


def application(environ, start_response):
    try:
        {}[environ["PATH_INFO"]]
    except KeyError:
        event_id = client.capture_exception()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [f"{os.getpid()} {event_id}".encode()]
"""

WORKERS = {"sync": ["--workers", "2"], "gthread": ["--workers", "1", "--worker-class", "gthread", "--threads", "4"]}
REQUESTS = 24


@contextmanager
def gunicorn(arguments: list[str], dsn: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A gunicorn that serves the application, and its port."""
    (folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    log = folder / "gunicorn.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, open(log, "wb") as output:
        bind = ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning", "--graceful-timeout", "20"]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *bind, *arguments, "application"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            cwd=folder,
            env=environment({"TEST_DSN": dsn}),
            start_new_session=True,
        )
        port: int = listener.getsockname()[1]
    watchdog = threading.Timer(TIMEOUT, os.killpg, [process.pid, signal.SIGKILL])
    watchdog.start()
    try:
        yield process, port
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def get(port: int) -> tuple[int, str]:
    """One request: the process that answered, and the id of the event that it captured."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/missing")
        process, event_id = connection.getresponse().read().decode().split()
        return int(process), event_id
    finally:
        connection.close()


@pytest.mark.smoke
@pytest.mark.parametrize("preload", [True, False], ids=["client before the fork", "client after the fork"])
@pytest.mark.parametrize("workers", WORKERS)
def test_all_that_the_requests_captured_is_delivered_when_gunicorn_ends(
    server: CountingServer, tmp_path: Path, workers: str, preload: bool
) -> None:
    arguments = [*WORKERS[workers], *(["--preload"] if preload else [])]
    with gunicorn(arguments, server.dsn, tmp_path) as (process, port):
        server.hold()
        with ThreadPoolExecutor(4) as browsers:
            answers = list(browsers.map(get, [port] * REQUESTS))
        process.terminate()
        server.release()
        assert process.wait(TIMEOUT) == 0
    captured = [event_id for _, event_id in answers]
    assert len(set(captured)) == REQUESTS
    counts = server.counts
    assert {event_id: counts.pop(event_id, 0) for event_id in captured} == dict.fromkeys(captured, 1)
    # What is left are the messages of the processes that have loaded the application.
    assert sum(counts.values()) == (2 if workers == "sync" and not preload else 1)
