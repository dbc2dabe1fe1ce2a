"""What a program could not deliver before it ended, however it ended, is delivered by its next start, or by another one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from raven.testing.counting_server import CountingServer
from raven.testing.http_server import refusing_port

PREFIX = """
import os, signal, sys, threading, time
from raven import Client
from raven.transport.spooled import SpooledHTTPTransport
dsn, folder = sys.argv[1:3]
def start(**options):
    return Client(f"{dsn}?spool={folder}&replay_pause=0&timeout=20&shutdown_timeout=0.2&attempts=1", SpooledHTTPTransport)
"""
ENDS = {
    "an error that nobody catches": "raise ValueError('the crash')",
    "kill -9": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "os._exit": "os._exit(3)",
    "abort": "os.abort()",
    "the end": "",
}
HEIR = """
client = start()
deadline = time.monotonic() + 20
while os.listdir(folder) and time.monotonic() < deadline:
    time.sleep(0.01)
print(os.listdir(folder))
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    source = PREFIX + textwrap.dedent(program)
    return subprocess.run([sys.executable, "-c", source, *arguments], capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_next_start_delivers_it(tmp_path: Path, end: str) -> None:
    folder, port = str(tmp_path / "spool"), refusing_port()
    dsn = f"http://public@127.0.0.1:{port}/1"
    crashed = run("client = start()\nprint(client.capture_message('before'), flush=True)\n" + end, dsn, folder)
    event_id = crashed.stdout.strip()
    assert len(event_id) == 32
    with CountingServer(port=port) as server:
        assert run(HEIR, dsn, folder).stdout == "[]\n"
        assert server.counts[event_id] == 1
        assert len(server.received) == (2 if "raise" in end else 1)


def test_a_living_process_delivers_what_one_beside_it_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tmp_path / "spool")
    with CountingServer() as server:
        program = """
            import raven.spool.pump
            raven.spool.pump.LOOK = 0.05
            client = start()
            client.capture_message("mine")
            child = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", CRASH, dsn, folder])
            client.capture_message("mine")
            deadline = time.monotonic() + 20
            while not client.stats().pending == 0 or len(os.listdir(folder)) > 4 and time.monotonic() < deadline:
                time.sleep(0.01)
                raven.spool.pump.LOOK = 0.05
            print(len([name for name in os.listdir(folder) if name.endswith(".spool")]))
        """
        crash = PREFIX + "import raven.runtimes.threads as t\nt.ThreadRuntime.spawn = lambda self, worker: None\n"
        crash += "client = start()\nfor _ in range(5): client.capture_message('left')\nos._exit(1)"
        ended = run(f"CRASH = {crash!r}\n" + textwrap.dedent(program), server.dsn, folder)
        assert ended.stdout == "1\n", ended.stderr
        assert len(server.received) == len(server.counts) == 7


def test_two_heirs_send_nothing_twice(tmp_path: Path) -> None:
    folder, port = str(tmp_path / "spool"), refusing_port()
    dsn = f"http://public@127.0.0.1:{port}/1"
    for _ in range(3):
        run("client = start()\nfor _ in range(40): client.capture_message('x')\nos._exit(1)", dsn, folder)
    with CountingServer(port=port) as server:
        heirs = [
            subprocess.Popen([sys.executable, "-c", PREFIX + HEIR, dsn, folder], stdout=subprocess.PIPE)
            for _ in range(3)
        ]
        for heir in heirs:
            heir.communicate(timeout=60)
        assert os.listdir(folder) == []
        assert Counter(server.counts.values()) == {1: 120}


def test_a_forked_child_has_a_file_of_its_own_and_leaves_its_parents_alone(tmp_path: Path) -> None:
    folder = str(tmp_path / "spool")
    with CountingServer() as server:
        server.hold()
        program = """
            client = start()
            client.capture_message("of the parent")
            children = []
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    client.capture_message("of a child")
                    sys.exit()
                children.append(child)
            assert [os.waitpid(child, 0)[1] for child in children] == [0] * 5
            print(len([name for name in os.listdir(folder) if name.endswith(".spool")]), client.stats().pending, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """
        assert run(program, server.dsn, folder).stdout == "6 1\n"
        server.release()
        assert run(HEIR, server.dsn, folder).stdout == "[]\n"
        assert len(server.counts) == 6
