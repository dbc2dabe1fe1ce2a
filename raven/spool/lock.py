"""Who owns a file. The lock dies with its process, so a file whose lock can be had has no owner.

It is one of POSIX (`fcntl.lockf`) on a file of its own: a child doesn't inherit it, and whatever SQLite locks is left
alone. Such a lock doesn't hold between the threads of a process, and a process loses it when it closes any other descriptor
of the file. So a process remembers what it has, and doesn't touch it. A child remembers what its parent had, and never
touches that either: SQLite keeps its own account of locks per file, which the child has inherited, and which is wrong
there.
"""

from __future__ import annotations

import fcntl
import os

from .folder import LOCK

_ours: dict[str, _Holder] = {}
"""The files that this process or one that it was forked from has locked."""


class _Holder:
    def __init__(self) -> None:
        self.process = os.getpid()


class Lock:
    """The lock of one file, held."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptors = [descriptor]

    @staticmethod
    def take(path: str) -> Lock | None:
        """Lock the file at this path, which need not exist. None if someone has it. Raises OSError."""
        token = _Holder()
        if _ours.setdefault(path, token) is not token:
            return None
        try:
            descriptor = _locked(path + LOCK)
        except BaseException:
            del _ours[path]
            raise
        if descriptor is None:
            del _ours[path]
            return None
        return Lock(path, descriptor)

    def release(self, *, remove: bool) -> None:
        """Give it up. With `remove`, there is no file any more that it stands for. A second time does nothing."""
        try:
            descriptor = self._descriptors.pop()
        except IndexError:
            return
        if remove:
            try:
                os.unlink(self._path + LOCK)
            except OSError:  # it is found again, without a file, and removed then
                pass
        os.close(descriptor)
        _ours.pop(self._path, None)


def holder(path: str) -> int | None:
    """The process that has the file: this one, or one that it was forked from. None if neither has it."""
    held = _ours.get(path)
    return None if held is None else held.process


def _locked(path: str) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
            return descriptor
    except (BlockingIOError, PermissionError, FileNotFoundError):
        pass
    os.close(descriptor)  # somebody has it, or its owner has just removed it
    return None
