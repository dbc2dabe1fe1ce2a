"""Servers that fork their workers, with an application that captures, and what its requests captured."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

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
REQUESTS = 24


@contextmanager
def running(
    arguments: list[str], dsn: str, folder: Path, *descriptors: int, source: str = APPLICATION
) -> Iterator[subprocess.Popen[bytes]]:
    """`python` with these arguments, in a folder with `application.py`. Nothing of it is left behind."""
    (folder / "application.py").write_text(source, encoding="utf-8")
    with open(folder / "server.log", "wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=descriptors,
            cwd=folder,
            env=environment({"TEST_DSN": dsn}),
            start_new_session=True,
        )
    watchdog = threading.Timer(TIMEOUT, os.killpg, [process.pid, signal.SIGKILL])
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        try:
            os.killpg(process.pid, signal.SIGKILL)  # its children too, if it has left any
        except ProcessLookupError:
            pass
        process.wait()


def browse(port: int) -> list[tuple[int, str]]:
    """Requests, some at a time: of each, the process that answered and the id of the event that it captured."""
    with ThreadPoolExecutor(4) as browsers:
        return list(browsers.map(get, [port] * REQUESTS))


def get(port: int) -> tuple[int, str]:
    """One request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/missing")
        process, event_id = connection.getresponse().read().decode().split()
        return int(process), event_id
    finally:
        connection.close()
