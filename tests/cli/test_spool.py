"""`raven spool`: tells what waits, delivers it, removes it, and leaves to programs that run what is theirs."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from raven.cli import main
from raven.cli.spool import duration, size
from raven.cli.spool_drain import Progress, drain
from raven.dsn import Dsn
from raven.request import Request
from raven.spool import files
from raven.spool import folder as folders
from raven.spool.files import OwnedFile
from raven.spool.folder import fingerprint
from raven.testing.counting_server import CountingServer

ELSEWHERE = "http://public@127.0.0.1:9/1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(folders.secured(str(tmp_path / "spool")))


@pytest.fixture
def server() -> Iterator[CountingServer]:
    """It refuses every fifth event for good."""
    with CountingServer(lambda number: 400 if number % 5 == 4 else 200) as server:
        yield server


def event_id(number: int) -> str:
    return f"{number:032x}"


def begun(folder: Path, dsn: str, count: int, stored: float | None = None, first: int = 1) -> OwnedFile:
    """A file that this process has."""
    file = files.make(str(folder), fingerprint(Dsn.parse(dsn)), durable=False)
    for number in range(first, first + count):
        body = json.dumps({"message": f"event {number}"}).encode()
        file.store.put(number, Request(event_id(number), body=body), time.time() if stored is None else stored)
    return file


def left(folder: Path, dsn: str, count: int, stored: float | None = None, first: int = 1) -> None:
    """A file whose process is gone."""
    begun(folder, dsn, count, stored, first).let_go()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["spool", *words])
    out, err = capsys.readouterr()
    assert err == ""
    assert "public" not in out
    return code, out


def test_what_waits_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left(folder, ELSEWHERE, 12, time.time() - 7_300)
    file = begun(folder, ELSEWHERE, 2)
    file.store.bury(1, time.time(), "send_error", "the server answered 400")
    file.store.note("network_error: refused\x1b[31m", time.time() - 130)
    (folder / "0123456789abcdef-1-0123456789abcdef.spool").write_bytes(b"foreign" * 1_000)
    (folder / "0123456789abcdef-2-0123456789abcdef.spool").symlink_to("elsewhere")
    (folder / "0123456789abcdef-3-0123456789abcdef.spool.damaged").write_bytes(b"")
    code, out = run(capsys, "show", str(folder))
    assert code == 0
    assert "13 events wait (311 bytes), the oldest for 2 h; 1 dead letters\n" in out
    assert "Last failure, 2 min ago: network_error: refused?[31m\n" in out
    assert "12 wait, 0 dead (its process is gone)\n" in out
    assert f"1 wait, 1 dead (in use by process {os.getpid()})\n" in out
    assert "(DatabaseError: file is not a database)\n" in out
    assert "(it is a link, or belongs to another user)\n" in out
    assert "0123456789abcdef-3-0123456789abcdef.spool.damaged: damaged, what could be read was saved\n" in out


def test_for_programs_it_is_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left(folder, ELSEWHERE, 3)
    code, out = run(capsys, "show", str(folder), "--json")
    told = json.loads(out)
    assert (code, told["waiting"], told["dead"], told["error"], told["damaged"]) == (0, 3, 0, None, [])
    assert 0 <= told["age"] < 60
    (file,) = told["files"]
    assert (file["stored"], file["delivered"], file["dropped"], file["in_use"]) == (3, 0, {}, False)


def test_an_empty_folder_has_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "show", str(folder)) == (0, "0 events wait (0 bytes); 0 dead letters\n")
    assert run(capsys, "inspect", str(folder)) == (0, "")


@pytest.mark.parametrize("words", [["show"], ["inspect"], ["drain", "--dsn", ELSEWHERE], ["purge"]], ids=" ".join)
def test_a_folder_that_is_not_there_or_not_safe_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code, out = run(capsys, *words, str(folder / "missing"))
    assert (code, out) == (
        2,
        "raven spool: there is no such folder, or it can't be read (FileNotFoundError)\n",
    )
    assert not (folder / "missing").exists()
    folder.chmod(0o777)
    code, out = run(capsys, *words, str(folder))
    assert (code, "others may write" in out) == (2, True)


def test_a_wrong_dsn_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "drain", str(folder), "--dsn", "nonsense")
    assert (code, "invalid DSN" in out) == (2, True)


def test_events_are_listed_and_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = begun(folder, ELSEWHERE, 5)
    file.store.bury(5, time.time(), "send_error", "the server answered 400")
    file.let_go()
    code, out = run(capsys, "inspect", str(folder), "--limit", "3")
    assert (code, len(out.splitlines())) == (0, 3)
    code, out = run(capsys, "inspect", str(folder))
    assert out.splitlines()[0].startswith(f"{event_id(1)}  error  22 bytes  waits ")
    assert out.splitlines()[4].endswith("  send_error: the server answered 400")
    code, out = run(capsys, "inspect", str(folder), event_id(2))
    assert (code, json.loads(out)) == (0, {"message": "event 2"})
    code, out = run(capsys, "inspect", str(folder), event_id(5))
    assert out.startswith('Dead letter: send_error, the server answered 400\n{\n  "message": "event 5"\n')
    assert run(capsys, "inspect", str(folder), "f" * 32) == (1, "There is no such event.\n")


def test_what_can_not_be_read_is_listed_as_such(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = files.make(str(folder), "0" * 16, durable=False)
    file.store.put(1, Request("not an id", body=b"{}"), 1.0)
    file.store.put(2, Request(event_id(2), body=b"\xff"), 1.0)
    file.store.bury(1, 1.0, "invalid", "")
    file.let_go()
    _, out = run(capsys, "inspect", str(folder))
    assert "(can't be read)" in out
    assert run(capsys, "inspect", str(folder), "not") == (0, "Dead letter: invalid, \nIt can't be read.\n")
    assert run(capsys, "inspect", str(folder), event_id(2)) == (0, "b'\\xff'\n")


def test_what_was_left_is_delivered(folder: Path, server: CountingServer, capsys: pytest.CaptureFixture[str]) -> None:
    left(folder, server.dsn, 12)
    left(folder, ELSEWHERE, 1)
    code, out = run(capsys, "drain", str(folder), "--dsn", server.dsn)
    assert code == 1
    assert out.startswith("10 delivered, 2 refused for good, 0 still wait.\n")
    assert [each.event_id for each in server.received] == [event_id(n) for n in range(1, 13) if n not in (5, 10)]
    code, out = run(capsys, "drain", str(folder), "--dsn", server.dsn)
    assert (code, out) == (0, "0 delivered, 0 refused for good, 0 still wait.\n")
    code, out = run(capsys, "drain", str(folder), "--dsn", server.dsn, "--replay-dead")
    assert (code, out) == (0, "2 delivered, 0 refused for good, 0 still wait.\n")
    assert len(list(folder.glob("*.spool"))) == 1  # that of the other project


def test_several_at_a_time_lose_nothing_and_send_nothing_twice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with CountingServer() as server:
        for _ in range(3):
            left(folder, server.dsn, 150)
        code, out = run(capsys, "drain", str(folder), "--dsn", server.dsn, "--workers", "4")
        assert (code, out) == (0, "450 delivered, 0 refused for good, 0 still wait.\n")
        assert set(server.counts.values()) == {3}
    assert list(folder.iterdir()) == []


def test_files_are_drained_side_by_side_and_each_in_its_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with CountingServer() as server, ThreadPoolExecutor(1) as elsewhere:
        firsts = 1_000, 2_000, 3_000
        for first in firsts:
            left(folder, server.dsn, 50, first=first)
        server.hold()
        drained = elsewhere.submit(run, capsys, "drain", str(folder), "--dsn", server.dsn)
        server.wait_for(3)
        server.release()
        assert drained.result() == (0, "150 delivered, 0 refused for good, 0 still wait.\n")
        for first in firsts:
            ids = [event_id(first + number) for number in range(50)]
            assert [each.event_id for each in server.received if each.event_id in ids] == ids
    assert list(folder.iterdir()) == []


def test_it_delivers_to_a_server_with_tls(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with CountingServer(tls=context) as server:
        for _ in range(3):
            left(folder, server.dsn, 20)
        code, out = run(capsys, "drain", str(folder), "--dsn", f"{server.dsn}?attempts=1", "--patience", "0")
        assert (code, out) == (1, "0 delivered, 0 refused for good, 60 still wait.\n")
        code, out = run(capsys, "drain", str(folder), "--dsn", f"{server.dsn}?ca_certs={tmp_path}/ca.pem")
        assert (code, out) == (0, "60 delivered, 0 refused for good, 0 still wait.\n")
        assert set(server.counts.values()) == {3}


def test_more_workers_than_connections_are_all_served(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with CountingServer() as server:
        left(folder, server.dsn, 300)
        server.delay = 0.05
        dsn = f"{server.dsn}?attempts=1&timeout=0.5&connections=2"
        code, out = run(capsys, "drain", str(folder), "--dsn", dsn, "--workers", "20")
        assert (code, out) == (0, "300 delivered, 0 refused for good, 0 still wait.\n")
        assert len(server.received) == 300


def test_who_stops_reading_what_it_says_ends_it_after_what_is_under_way(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raven.cli.spool_drain._EVERY", (0.0, 0.0))
    with CountingServer() as server:
        for first in (1_000, 2_000, 3_000):
            left(folder, server.dsn, 50, first=first)

        class Closed(io.StringIO):
            def write(self, text: str) -> int:
                server.wait_for(3)
                raise BrokenPipeError

        server.delay = 0.05
        options = argparse.Namespace(dsn=server.dsn, workers=None, patience=60.0, replay_dead=False)
        with pytest.raises(BrokenPipeError):
            drain(str(folder), options, Closed())
        server.delay = 0.0
        assert drain(str(folder), options, io.StringIO()) == 0
        assert len(server.counts) == len(server.received) == 150


def test_ctrl_c_ends_it_after_what_is_under_way(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with CountingServer() as server:
        for first in (1_000, 2_000, 3_000):
            left(folder, server.dsn, 50, first=first)
        server.delay = 0.05
        words = [sys.executable, "-m", "raven", "spool", "drain", str(folder), "--dsn", server.dsn]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as draining:
            server.wait_for(3)
            draining.send_signal(signal.SIGINT)
            told = draining.communicate(timeout=30)[0]
        sent = len(server.received)
        assert (draining.returncode, told) == (1, f"{sent} delivered, 0 refused for good, {150 - sent} still wait.\n")
        assert 3 <= sent < 150
        server.delay = 0.0
        assert run(capsys, "drain", str(folder), "--dsn", server.dsn)[0] == 0
        assert len(server.counts) == len(server.received) == 150


def test_it_gives_up_when_nothing_succeeds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left(folder, ELSEWHERE, 3)
    code, out = run(capsys, "drain", str(folder), "--dsn", f"{ELSEWHERE}?attempts=1", "--patience", "0")
    assert (code, out) == (1, "0 delivered, 0 refused for good, 3 still wait.\n")


def test_files_in_use_are_left_to_their_programs(
    folder: Path, server: CountingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from raven.spool.files import make; from raven.request import Request\n"
            "make(sys.argv[1], sys.argv[2], durable=False).store.put(1, Request('0' * 32, body=b'{}'), 1.0)\n"
            "print(flush=True); sys.stdin.read()",
            str(folder),
            fingerprint(Dsn.parse(server.dsn)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        code, out = run(capsys, "drain", str(folder), "--dsn", server.dsn)
        assert out.startswith("Some files are in use: their programs deliver what is in them.\n")
        code, out = run(capsys, "purge", str(folder), "--yes")
        assert (code, out) == (0, "1 files are in use, and left alone.\n0 events and 0 damaged files were removed.\n")
        _, out = run(capsys, "show", str(folder))
        assert out.startswith("1 events wait")
        holder.kill()


def test_a_purge_has_to_be_meant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = begun(folder, ELSEWHERE, 3)
    file.store.bury(1, 1.0, "send_error", "")
    file.let_go()
    (folder / "0123456789abcdef-3-0123456789abcdef.spool.damaged").write_bytes(b"")
    code, out = run(capsys, "purge", str(folder))
    assert (code, out) == (
        1,
        "3 events and 1 damaged files would be removed for good. Say --yes to do it.\n",
    )
    assert len(list(folder.glob("*.spool"))) == 1
    assert run(capsys, "purge", str(folder), "--dead", "--yes") == (0, "1 dead letters were removed.\n")
    assert run(capsys, "show", str(folder))[1].startswith("2 events wait")
    assert run(capsys, "purge", str(folder), "--yes") == (0, "2 events and 1 damaged files were removed.\n")
    assert list(folder.iterdir()) == []


def test_whoever_reads_may_go_away(folder: Path) -> None:
    left(folder, ELSEWHERE, 20)
    command = [sys.executable, "-m", "raven", "spool", "inspect", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal() -> None:
    out = Terminal()
    progress = Progress(out, 100)
    progress.show(50, 0)
    assert out.getvalue().startswith(f"\r[{'#' * 15}{'.' * 15}] 50 of 100, ")
    assert "/s, 0 s left\x1b[K" in out.getvalue()
    progress.show(60, 0)  # too soon
    progress.show(99, 1, last=True)
    assert out.getvalue().count("\r") == 2
    assert out.getvalue().endswith("/s\x1b[K\n")


def test_progress_is_a_line_now_and_then_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    out = io.StringIO()
    progress = Progress(out, 100)
    progress.show(1, 0)
    now = 105.0
    progress.show(10, 0)
    progress.show(100, 0, last=True)
    assert out.getvalue() == "10 of 100, 2/s, 45 s left\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")]
)
def test_times_for_people(seconds: int, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("number", "words"), [(9_999, "9999 bytes"), (10_000, "10 kB"), (12_345_678, "12 MB")])
def test_sizes_for_people(number: int, words: str) -> None:
    assert size(number) == words
