"""A real uWSGI. By default it forks its workers without Python's knowledge: no hook runs, and no lock is looked after."""

from __future__ import annotations

from pathlib import Path

import pytest

from raven.testing.counting_server import CountingServer
from raven.testing.http_server import refusing_port
from raven.testing.process import poll
from tests.process.prefork import APPLICATION, REQUESTS, browse, running
from tests.process.program import TIMEOUT

# Whoever imports urllib3 has the interpreter's lock for a while. If that is a thread, it has it while uWSGI forks.
BUSY = """
import importlib.abc, sys, time

class Busy(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        end = time.monotonic() + 0.5
        while name == "urllib3.connection" and time.monotonic() < end:
            pass

sys.meta_path.insert(0, Busy())
"""

UWSGI = ["-c", "import pyuwsgi; pyuwsgi.run()"]
KINDS = {
    "defaults": [],
    "threads": ["--threads", "2"],
    "fork hooks": ["--py-call-uwsgi-fork-hooks"],
    "lazy": ["--lazy-apps"],
    "new workers": ["--max-requests", "8", "--min-worker-lifetime", "0"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_was_captured_is_delivered_before_the_fork_and_after_it(
    server: CountingServer, tmp_path: Path, kind: str
) -> None:
    port = refusing_port()
    arguments = ["--http-socket", f"127.0.0.1:{port}", "--wsgi-file", "application.py", "--disable-logging"]
    arguments += ["--master", "--processes", "2", "--master-fifo", "orders"]
    arguments += ["--hook-accepting", "appendn:accepting yes"]
    with running([*UWSGI, *arguments, *KINDS[kind]], server.dsn, tmp_path, source=BUSY + APPLICATION) as process:
        # uWSGI loses the order to end if it comes while a worker is being born, and then waits for that one for ever.
        assert poll(lambda: accepting(tmp_path) == 2 or None, TIMEOUT)
        loaded = 2 if kind == "lazy" else 1
        server.wait_for(loaded)  # without threads, the process that forks delivers at once
        if kind == "new workers":  # they come when the old ones have delivered, and there may be one at any time
            answers = browse(port)
            server.wait_for(loaded + REQUESTS)
        else:
            server.hold()
            answers = browse(port)
            (tmp_path / "orders").write_text("q")  # to end in order: a signal would end it whatever it is doing
            server.release()
            assert process.wait(TIMEOUT) == 0
    captured = [event_id for _, event_id in answers]
    assert len(set(captured)) == REQUESTS
    counts = server.counts
    assert {event_id: counts.pop(event_id, 0) for event_id in captured} == dict.fromkeys(captured, 1)
    assert sum(counts.values()) == loaded
    assert len({pid for pid, _ in answers}) > (2 if kind == "new workers" else 0)


def accepting(folder: Path) -> int:
    """How many workers have begun."""
    try:
        return len((folder / "accepting").read_text().splitlines())
    except FileNotFoundError:
        return 0
