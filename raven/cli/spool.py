"""`raven spool`: what waits on disk, and what to do with it.

Exit codes: 0, all is well; 1, not all was done; 2, the folder, the DSN or the command line is wrong. Files of programs that
run are looked at, and otherwise left to them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any, TextIO

from ..errors import ConfigurationError

DONE, NOT_DONE, WRONG = 0, 1, 2


def add_to(commands: Any) -> None:
    """Declare the commands."""
    spool = commands.add_parser("spool", help="look at events that wait on disk, deliver them, or remove them")
    actions = spool.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="how much waits, for how long, and why")
    show.add_argument("folder", metavar="FOLDER", help="what the option spool names")
    show.add_argument("--json", action="store_true", help="for programs")
    inspect = actions.add_parser("inspect", help="list the events and dead letters, or show one")
    inspect.add_argument("folder", metavar="FOLDER")
    inspect.add_argument("id", metavar="ID", nargs="?", help="an event's id, or how it begins")
    inspect.add_argument("--limit", metavar="N", type=int, default=20, help="list so many (default 20)")
    drain = actions.add_parser("drain", help="deliver what programs that are gone have left")
    drain.add_argument("folder", metavar="FOLDER")
    drain.add_argument("--dsn", metavar="DSN", required=True, help="the project's address; others' events stay")
    drain.add_argument("--replay-dead", action="store_true", help="try those too that the server has refused for good")
    drain.add_argument(
        "--workers",
        metavar="N",
        type=int,
        help="so many events at a time, in any order (default: some files side by side, each in its order)",
    )
    drain.add_argument(
        "--patience", metavar="SECONDS", type=float, default=60.0, help="give up after so long without success"
    )
    purge = actions.add_parser("purge", help="remove what programs that are gone have left")
    purge.add_argument("folder", metavar="FOLDER")
    purge.add_argument("--dead", action="store_true", help="only what the server has refused for good")
    purge.add_argument("--yes", action="store_true", help="do it; without this it only says what it would do")


def run(options: argparse.Namespace, out: TextIO | None = None) -> int:
    """Carry out one of the commands. Returns the exit code."""
    from ..spool.store import StoreError
    from ..spool.survey import opened

    out = out or sys.stdout
    try:
        where = opened(options.folder)
        if options.action == "show":
            return _show(where, options.json, out)
        if options.action == "inspect":
            return _inspect(where, options.id, options.limit, out)
        if options.action == "drain":
            from .spool_drain import drain

            return drain(where, options, out)
        from .spool_purge import purge

        return purge(where, dead=options.dead, sure=options.yes, out=out)
    except BrokenPipeError:  # whoever read this has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_DONE
    except (ConfigurationError, StoreError) as error:
        print(f"raven spool: {error}", file=out)
        return WRONG if isinstance(error, ConfigurationError) else NOT_DONE


def _show(where: str, as_json: bool, out: TextIO) -> int:
    from ..spool.survey import survey

    seen = survey(where)
    now = time.time()
    files: list[dict[str, Any]] = [
        {
            "file": each.name,
            "project": each.project,
            "process": each.process,
            "in_use": each.in_use,
            "stored": each.totals.stored,
            "delivered": each.totals.delivered,
            "dropped": each.totals.dropped,
            "waiting": each.totals.waiting,
            "dead": each.totals.dead,
            "bytes": each.totals.bytes,
            "age": None if each.oldest is None else max(0.0, now - each.oldest),
            "error": each.totals.error,
            "failed": each.totals.failed,
            "problem": each.problem,
        }
        for each in seen.files
    ]
    ages = [each["age"] for each in files if each["age"] is not None]
    last = max((each for each in files if each["failed"]), key=lambda each: each["failed"], default=None)
    total = {
        "folder": where,
        "waiting": sum(each["waiting"] for each in files),
        "dead": sum(each["dead"] for each in files),
        "bytes": sum(each["bytes"] for each in files),
        "age": max(ages, default=None),
        "error": last and last["error"],
        "failed": last and last["failed"],
        "files": files,
        "damaged": seen.damaged,
    }
    if as_json:
        print(json.dumps(total, indent=2), file=out)
        return DONE
    oldest = f", the oldest for {duration(total['age'])}" if ages else ""
    print(f"{total['waiting']} events wait ({size(total['bytes'])}){oldest}; {total['dead']} dead letters", file=out)
    if last is not None:
        print(f"Last failure, {duration(now - last['failed'])} ago: {_plain(last['error'])}", file=out)
    for each in files:
        state = each["problem"] or (f"in use by process {each['process']}" if each["in_use"] else "its process is gone")
        print(f"  {each['file']}: {each['waiting']} wait, {each['dead']} dead ({_plain(state)})", file=out)
    for name in seen.damaged:
        print(f"  {name}: damaged, what could be read was saved", file=out)
    return DONE


def _inspect(where: str, wanted: str | None, limit: int, out: TextIO) -> int:
    from ..spool.survey import readable

    left = limit
    for _, store in readable(where):
        if wanted is not None:
            number = store.find(wanted)
            if number is not None:
                dead = store.load_dead(number)
                row = store.load(number) if dead is None else dead.row
                if dead is not None:
                    print(f"Dead letter: {_plain(dead.reason)}, {_plain(dead.detail)}", file=out)
                print(_pretty(row.body) if row is not None else "It can't be read.", file=out)
                return DONE
            continue
        for row in store.page(0)[0][:left]:
            print(f"{row.event}  {row.category}  {size(len(row.body))}  waits {_since(row.stored)}", file=out)
            left -= 1
        for letter in store.dead(limit=left):
            event = letter.row.event if letter.row is not None else "(can't be read)"
            print(f"{event}  dead {_since(letter.died)}  {_plain(letter.reason)}: {_plain(letter.detail)}", file=out)
            left -= 1
        if left <= 0:
            break
    if wanted is not None:
        print("There is no such event.", file=out)
        return NOT_DONE
    return DONE


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2)
    except (ValueError, RecursionError):
        return repr(body)


def _plain(text: object) -> str:
    return "".join(each if each.isprintable() else "?" for each in str(text))


def _since(moment: float) -> str:
    return duration(max(0.0, time.time() - moment))


def duration(seconds: float) -> str:
    """A time for people: its largest unit."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(number: int) -> str:
    """Bytes for people."""
    for unit, length in (("MB", 1_000_000), ("kB", 1_000)):
        if number >= 10 * length:
            return f"{number / length:.0f} {unit}"
    return f"{number} bytes"
