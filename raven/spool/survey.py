"""What is in a folder, for people. Nothing is changed by looking, and programs go on beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import ConfigurationError
from . import folder
from .lock import Lock
from .salvage import damaged
from .store import Store, StoreError, Totals


@dataclass(frozen=True)
class Seen:
    """One file. `in_use`: a process has it, and delivers what is in it. `oldest` is when the oldest that waits came, in
    seconds since 1970. `problem` says why there is no account of it.
    """

    name: str
    project: str
    process: int
    in_use: bool
    totals: Totals = field(default_factory=Totals)
    oldest: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Survey:
    """A folder: its files, and the names of those that are damaged."""

    folder: str
    files: list[Seen]
    damaged: list[str]


def opened(path: str) -> str:
    """The real path of a folder that is there. Raises `ConfigurationError`."""
    try:
        return folder.secured(path, make=False)
    except OSError as error:
        raise ConfigurationError(f"there is no such folder, or it can't be read ({type(error).__name__})") from None


def survey(where: str) -> Survey:
    """Look at a folder. Raises OSError."""
    return Survey(where, [_see(where, name) for name in folder.names(where)], damaged(where))


def readable(where: str) -> Iterator[tuple[str, Store]]:
    """Each file that can be read, opened for that alone."""
    for name in folder.names(where):
        path = os.path.join(where, name)
        if folder.is_safe(path):
            try:
                store = Store(path, reading=True)
            except StoreError:
                continue
            try:
                yield name, store
            finally:
                store.close()


def _see(where: str, name: str) -> Seen:
    path = os.path.join(where, name)
    project, process = folder.project_of(name) or "", folder.process_of(name)
    if not folder.is_safe(path):
        return Seen(name, project, process, False, problem="it is a link, or belongs to another user")
    in_use = _is_in_use(path)
    try:
        store = Store(path, reading=True)
    except StoreError as error:
        return Seen(name, project, process, in_use, problem=str(error))
    try:
        oldest = store.oldest(1)
        came = oldest[0][2] if oldest and isinstance(oldest[0][2], float) else None
        return Seen(name, project, process, in_use, store.totals(), came)
    except StoreError as error:
        return Seen(name, project, process, in_use, problem=str(error))
    finally:
        store.close()


def _is_in_use(path: str) -> bool:
    try:
        lock = Lock.take(path)
    except OSError:
        return True
    if lock is None:
        return True
    lock.release(remove=False)
    return False
