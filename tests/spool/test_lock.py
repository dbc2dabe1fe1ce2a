"""A file has one owner, and none when its process is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from raven.spool.lock import Lock, holder

# What other tests have loaded, Eventlet for one, warns of a fork.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*fork:DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

HOLDER = """
import sys
from raven.spool.lock import Lock
print(Lock.take(sys.argv[1]) is not None, flush=True)
sys.stdin.read()
"""


def taken_elsewhere(path: str) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    return holder


def test_it_is_had_by_one_and_dies_with_his_process(folder: Path) -> None:
    path = str(folder / "file")
    with taken_elsewhere(path) as process:
        assert Lock.take(path) is None
        assert holder(path) is None
        process.kill()
    lock = Lock.take(path)
    assert lock is not None
    lock.release(remove=False)


def test_it_is_had_once_in_a_process_too(folder: Path) -> None:
    path = str(folder / "file")
    lock = Lock.take(path)
    assert lock is not None
    assert holder(path) == os.getpid()
    assert Lock.take(path) is None
    lock.release(remove=True)
    assert not os.path.exists(path + ".lock")
    again = Lock.take(path)
    assert again is not None
    lock.release(remove=True)  # a second time does nothing, to nobody's file
    assert os.path.exists(path + ".lock")
    again.release(remove=True)


def test_a_child_never_touches_what_its_parent_had(folder: Path) -> None:
    path = str(folder / "file")
    lock = Lock.take(path)
    assert lock is not None
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, b"0" if Lock.take(path) is None and holder(path) == os.getppid() else b"1")
        os._exit(0)
    assert os.read(reading, 1) == b"0"
    os.wait()
    os.close(reading)
    os.close(writing)
    lock.release(remove=True)


def test_one_that_its_owner_has_just_removed_is_not_had(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(folder / "file")
    real = os.open

    def opened(name: str, *arguments: int, **named: int) -> int:
        descriptor = real(name, *arguments, **named)
        os.unlink(name)
        return descriptor

    monkeypatch.setattr(os, "open", opened)
    assert Lock.take(path) is None
    monkeypatch.undo()
    lock = Lock.take(path)
    assert lock is not None
    lock.release(remove=True)


def test_an_error_leaves_nothing_behind(folder: Path) -> None:
    (folder / "file.lock").symlink_to(folder)
    with pytest.raises(OSError, match=r"."):
        Lock.take(str(folder / "file"))
    assert holder(str(folder / "file")) is None
