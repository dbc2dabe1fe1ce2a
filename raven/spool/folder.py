"""The folder: whether it is safe to keep events in, and what its files are called.

Nobody but its owner can write in it, and nobody else can put another in its place: that is what is checked here, and what
everything else relies on.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat

from ..dsn import Dsn
from ..errors import ConfigurationError

SUFFIX = ".spool"
LOCK = ".lock"
DAMAGED = ".damaged"
COMPANIONS = ("-wal", "-shm")
"""What SQLite has beside a file."""

_NAME = re.compile(r"([0-9a-f]{16})-([0-9]+)-[0-9a-f]{16}\.spool")


def secured(path: str, *, make: bool = True) -> str:
    """The folder's real path. With `make`, it is made if it is missing.

    Raises `ConfigurationError` if others may write in it or replace it, `OSError` if it can't be had.
    """
    path = os.path.abspath(path)
    if os.path.islink(path):
        raise ConfigurationError("spool: the folder must not be a symbolic link")
    parent, name = os.path.split(path)
    path = os.path.join(os.path.realpath(parent), name)
    _check_above(os.path.dirname(path))
    if make and not os.path.isdir(path):
        os.makedirs(path, 0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            raise ConfigurationError("spool: the folder belongs to another user")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigurationError("spool: others may write in the folder; take that from them (chmod 700)")
    finally:
        os.close(descriptor)
    return path


def _check_above(path: str) -> None:
    while True:
        try:
            found = os.stat(path)
        except FileNotFoundError:  # it will be made too
            path = os.path.dirname(path)
            continue
        shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
        if found.st_uid not in (0, os.geteuid()) or shared:
            raise ConfigurationError("spool: others may replace the folder, because they may write in one above it")
        if path == os.path.dirname(path):
            return
        path = os.path.dirname(path)


def fingerprint(dsn: Dsn) -> str:
    """What the names of a project's files begin with: a hash of its address, without the keys."""
    address = f"{dsn.origin}{dsn.path}/{dsn.project}"
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def new_name(project: str) -> str:
    """A name that no other file has: the project, this process and chance."""
    return f"{project}-{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}"


def names(folder: str, project: str | None = None) -> list[str]:
    """The files in the folder, of one project or of all. Raises OSError."""
    found = (name for name in os.listdir(folder) if project_of(name) is not None)
    return sorted(name for name in found if project in (None, project_of(name)))


def project_of(name: str) -> str | None:
    """The project's fingerprint in a file's name, None if it is not such a name."""
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def process_of(name: str) -> int:
    """The process that made the file, from its name. It may be another one by now."""
    match = _NAME.fullmatch(name)
    return int(match[2]) if match else 0


def is_safe(path: str) -> bool:
    """Whether this is a plain file of our own that no other name leads to, or nothing at all."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1


def create(path: str) -> None:
    """Make an empty file that only its owner can read. Raises FileExistsError, also for a link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a file and what SQLite has beside it."""
    for each in (*(path + suffix for suffix in COMPANIONS), path):
        try:
            os.unlink(each)
        except OSError:  # it is gone, or can't be removed: then it is found again, empty
            continue
