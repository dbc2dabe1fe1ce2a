"""`raven spool purge`: remove what programs that are gone have left."""

from __future__ import annotations

import logging
import os
from typing import TextIO

from ..own_log import Sparingly
from ..spool import files, folder
from ..spool.salvage import damaged
from ..spool.store import Store
from .spool import DONE, NOT_DONE

_PAGE = 1_000


def purge(where: str, *, dead: bool, sure: bool, out: TextIO) -> int:
    """Remove all events and dead letters without an owner, or only the `dead` ones. If not `sure`, say how many there are.

    0 if it was done, 1 if not.
    """
    log = Sparingly(logging.getLogger("raven.delivery"))
    removed, in_use = 0, 0
    for name in folder.names(where):
        path = os.path.join(where, name)
        file = files.adopt(path, log) if folder.is_safe(path) else None
        if file is None:
            in_use += os.path.lexists(path)
            continue
        try:
            totals = file.store.totals()
            removed += totals.dead if dead else totals.dead + totals.waiting
            if sure:
                _empty(file.store, dead=True)
                if not dead:
                    _empty(file.store, dead=False)
        finally:
            file.let_go()
    wrecks = [] if dead else damaged(where)
    if in_use:
        print(f"{in_use} files are in use, and left alone.", file=out)
    what = f"{removed} dead letters" if dead else f"{removed} events and {len(wrecks)} damaged files"
    if not sure:
        print(f"{what} would be removed for good. Say --yes to do it.", file=out)
        return NOT_DONE
    for name in wrecks:
        folder.remove(os.path.join(where, name))
    print(f"{what} were removed.", file=out)
    return DONE


def _empty(store: Store, *, dead: bool) -> None:
    while page := store.oldest(_PAGE, dead=dead):
        store.leave_all([number for number, _, _ in page], "purged")
