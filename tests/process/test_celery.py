"""A real Celery, whose pool forks its processes, replaces them now and then, and ends each without any exit handler."""

from __future__ import annotations

import signal
from pathlib import Path

from raven.testing.counting_server import CountingServer
from raven.testing.process import poll
from tests.process.prefork import running
from tests.process.program import TIMEOUT

TASKS = 9
APPLICATION = f"""
import os
from celery import Celery
from raven import Client

app = Celery("application", broker="filesystem://")
folders = dict(data_folder_in="queue", data_folder_out="queue", control_folder="control")
app.conf.update(broker_transport_options=folders, worker_max_tasks_per_child=3, task_ignore_result=True)
client = Client(os.environ["TEST_DSN"] + "?workers=1&timeout=10&shutdown_timeout=20")


@app.task
def fail():
    try:
        {{}}["missing"]
    except KeyError:
        event_id = client.capture_exception()
    with open("captured", "a") as captured:
        captured.write(f"{{os.getpid()}} {{event_id}}\\n")


if __name__ == "__main__":
    for _ in range({TASKS}):
        fail.delay()
else:
    client.capture_message("loaded")  # before the forks
"""
WORKER = ["-m", "celery", "-A", "application", "worker", "--concurrency", "2", "-l", "error"]


def test_all_that_the_tasks_captured_is_delivered_by_each_process_of_the_pool(
    server: CountingServer, tmp_path: Path
) -> None:
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    with running(["application.py"], server.dsn, tmp_path, source=APPLICATION) as producer:
        assert producer.wait(TIMEOUT) == 0
    # What three tasks capture takes longer than the second for which a process of the pool sleeps before it ends.
    server.delay = 0.6
    with running(WORKER, server.dsn, tmp_path, source=APPLICATION) as worker:
        assert poll(lambda: len(captured_in(tmp_path)) == TASKS or None, TIMEOUT)
        worker.send_signal(signal.SIGTERM)
        captured = captured_in(tmp_path)
        # Not until the worker ends: now and then billiard's pool waits for ever for a lock of a process that is gone, Raven
        # or not.
        assert poll(lambda: server.counts.keys() >= {event_id for _, event_id in captured} or None, TIMEOUT)
    assert len({process for process, _ in captured}) >= 3
    counts = server.counts
    assert {event_id: counts.pop(event_id, 0) for _, event_id in captured} == {event_id: 1 for _, event_id in captured}
    assert list(counts.values()) == [1]  # "loaded"


def captured_in(folder: Path) -> list[tuple[str, str]]:
    """By which process, and which event."""
    file = folder / "captured"
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [(line.split()[0], line.split()[1]) for line in lines]
