"""Files with an owner: made anew, or adopted."""

from __future__ import annotations

import os

from ..own_log import Sparingly
from . import folder, salvage
from .lock import Lock
from .store import Store, StoreError


class OwnedFile:
    """A file that this process has locked, and opened."""

    def __init__(self, store: Store, lock: Lock) -> None:
        self.store = store
        self._lock = lock

    def let_go(self, *, remove: bool = False) -> None:
        """Close it. If nothing is in it, neither waiting nor dead, or with `remove`, it is removed. Never raises."""
        if not remove:
            try:
                remove = self.store.is_in_place() and self.store.size()[0] == 0
            except StoreError:
                remove = False
        self.store.close()
        if remove:
            folder.remove(self.store.path)
        self._lock.release(remove=remove)

    def set_aside(self) -> str | None:
        """Close a file that is damaged, and give it a name that says so. Returns its new path, None if that fails."""
        self.store.close()
        aside = None
        try:
            aside = salvage.set_aside(self.store.path)
        except OSError:
            folder.remove(self.store.path)
        self._lock.release(remove=True)
        return aside


def make(where: str, project: str, *, durable: bool) -> OwnedFile:
    """A new file in a folder. Raises `StoreError`, OSError, and `ConfigurationError` if the folder is not safe any more."""
    where = folder.secured(where)
    while True:
        path = os.path.join(where, folder.new_name(project))
        lock = Lock.take(path)
        if lock is not None:  # else somebody who looked for orphans was quicker
            break
    try:
        folder.create(path)
        return OwnedFile(Store(path, durable=durable, new=True), lock)
    except BaseException:
        folder.remove(path)
        lock.release(remove=True)
        raise


def adopt(path: str, log: Sparingly) -> OwnedFile | None:
    """A file whose owner is gone. None if he is not, or if there is nothing in it that could be had; then it is gone too.

    Raises OSError.
    """
    lock = Lock.take(path)
    if lock is None:
        return None
    if not os.path.lexists(path):
        lock.release(remove=True)
        return None
    try:
        return OwnedFile(Store(path), lock)
    except StoreError as error:
        if error.unborn:
            folder.remove(path)
            lock.release(remove=True)
            return None
        if not error.damaged:
            lock.release(remove=False)
            log.warn("unreadable", "a file of the spool can't be read now (%s)", error)
            return None
        return _rescued(path, lock, log)
    except BaseException:
        lock.release(remove=False)
        raise


def rescued(file: OwnedFile, log: Sparingly) -> OwnedFile:
    """A new file with what can be read of one that turned out to be damaged. Raises as `make`."""
    file.store.close()
    return _rescued(file.store.path, file._lock, log)


def _rescued(path: str, lock: Lock, log: Sparingly) -> OwnedFile:
    try:
        aside = salvage.set_aside(path)
    finally:
        lock.release(remove=True)
    where, name = os.path.split(path)
    log.warn("damaged", "a file of the spool is damaged; it was set aside as %s", os.path.basename(aside))
    rescued = make(where, folder.project_of(name) or "", durable=False)
    try:
        for row in salvage.readable(aside):
            rescued.store.copy(row)
    except StoreError as error:
        log.warn("rescue", "not all could be saved from a damaged file of the spool (%s)", error)
    return rescued
