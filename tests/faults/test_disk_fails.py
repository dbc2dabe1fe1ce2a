"""A disk that is full, gone, or not ours costs no event of a program that goes on, and is used again when it can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from raven.spool.survey import survey
from raven.testing.counting_server import CountingServer

PROGRAM = """
import errno, json, os, shutil, sys, time
from raven import Client
from raven.transport.spooled import SpooledHTTPTransport

dsn, folder = sys.argv[1], sys.argv[2]
client = Client(f"{{dsn}}?spool={{folder}}&replay_pause=0&timeout=20", SpooledHTTPTransport)
sent = []

def capture(count, size=10):
    sent.extend(client.capture_message("x" * size) for _ in range(count))

def stored():
    import raven.spool.store as module
    from raven.spool.survey import survey
    return sum(each.totals.stored for each in survey(folder).files)

def until_stored_again():
    at, deadline = stored(), time.monotonic() + 60
    while stored() == at and time.monotonic() < deadline:
        capture(1)
        time.sleep(0.01)
    assert stored() > at

{body}
assert client.close(20), client.stats()
stats = client.stats()
print(json.dumps([sent, stats.accepted, stats.delivered]))
"""

FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
capture(5)
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
capture(50, 8000)
assert client.flush(20), client.stats()
resource.setrlimit(resource.RLIMIT_FSIZE, before)
until_stored_again()
"""

DELETED = """
capture(5)
shutil.rmtree(folder)
capture(5)
assert stored() == 5 and os.stat(folder).st_mode & 0o777 == 0o700
"""

READ_ONLY = """
capture(5)
assert client.flush(20), client.stats()
client.close()
os.mkdir(folder + "-2", 0o700)
folder += "-2"
import raven.spool.files
real = raven.spool.files.folder.create
def denied(path):
    raise PermissionError(30, "Read-only file system")
raven.spool.files.folder.create = denied
client = Client(f"{dsn}?spool={folder}&replay_pause=0&timeout=20", SpooledHTTPTransport)
sent = []
capture(5)
assert client.flush(20) and os.listdir(folder) == []
raven.spool.files.folder.create = real
until_stored_again()
"""

SMALL = """
capture(5)
assert client.flush(20), client.stats()
filler = os.path.join(os.path.dirname(folder), "filler")
descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
try:
    while True:
        os.write(descriptor, bytes(4096))
except OSError as error:
    assert error.errno == errno.ENOSPC, error
os.close(descriptor)
at = stored()
capture(50, 8000)
assert client.flush(20), client.stats()
assert stored() < at + 50
os.unlink(filler)
until_stored_again()
"""
MOUNT = 'mount -t tmpfs -o size=1m,mode=0700 raven /mnt && exec "$@"'
"""In a mount namespace of its own, so nobody else sees it, and it is gone with the program."""


def test_a_full_file_system_costs_no_event() -> None:
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["sudo", "-n", "unshare", "--mount"]
    with CountingServer() as server:
        program = [sys.executable, "-W", "error", "-c", PROGRAM.format(body=SMALL), server.dsn, "/mnt/spool"]
        ended = subprocess.run(
            [*namespace, "sh", "-c", MOUNT, "sh", *program], capture_output=True, text=True, timeout=100
        )
        assert ended.returncode == 0, ended.stderr
        sent, accepted, delivered = json.loads(ended.stdout)
        assert accepted == delivered == len(sent)
        assert set(sent) <= set(server.counts)
        assert max(server.counts.values()) == 1


@pytest.mark.parametrize("body", [FULL, DELETED, READ_ONLY], ids=["full", "deleted", "read-only"])
def test_all_is_delivered_and_the_disk_is_used_again(tmp_path: Path, body: str) -> None:
    folder = tmp_path / "spool"
    with CountingServer() as server:
        program = PROGRAM.format(body=body)
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, server.dsn, str(folder)],
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert ended.returncode == 0, ended.stderr
        sent, accepted, delivered = json.loads(ended.stdout)
        assert accepted == delivered == len(sent)
        assert set(sent) <= set(server.counts)
        assert max(server.counts.values()) == 1
    if (
        body is not DELETED
    ):  # what is just being brought over from there as the program ends is sent once more, by the next
        assert sum(each.totals.waiting + each.totals.dead for each in survey(str(folder)).files) == 0
