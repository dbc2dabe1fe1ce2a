"""A real prefork server: what requests capture is delivered, and nothing is lost when the server is told to end."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.prefork import REQUESTS, browse, running
from tests.process.program import TIMEOUT

WORKERS = {
    "sync": ["--workers", "2"],
    "gthread": ["--workers", "1", "--worker-class", "gthread", "--threads", "4"],
    "gevent": ["--workers", "1", "--worker-class", "gevent"],
}


@pytest.mark.smoke
@pytest.mark.parametrize("preload", [True, False], ids=["client before the fork", "client after the fork"])
@pytest.mark.parametrize("workers", WORKERS)
def test_all_that_the_requests_captured_is_delivered_when_gunicorn_ends(
    server: CountingServer, tmp_path: Path, workers: str, preload: bool
) -> None:
    arguments = [*WORKERS[workers], *(["--preload"] if preload else []), "--graceful-timeout", "20", "application"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        arguments = ["--bind", f"fd://{descriptor}", "--log-level", "warning", *arguments]
        with running(["-m", "gunicorn", *arguments], server.dsn, tmp_path, descriptor) as process:
            listener.close()
            server.hold()
            answers = browse(port)
            process.terminate()
            server.release()
            assert process.wait(TIMEOUT) == 0
    captured = [event_id for _, event_id in answers]
    assert len(set(captured)) == REQUESTS
    counts = server.counts
    assert {event_id: counts.pop(event_id, 0) for event_id in captured} == dict.fromkeys(captured, 1)
    # What is left are the messages of the processes that have loaded the application.
    assert sum(counts.values()) == (2 if workers == "sync" and not preload else 1)
