"""`raven demo`: one error, from a program that fails to a real server and back, on this computer alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from ..errors import MissingDependency
from ..testing.bugsink import Bugsink
from ..testing.process import ServerError

_PROGRAM = Path(__file__).with_name("demo_program.py")
_PROGRAM_TIMEOUT = 60.0  # seconds; it takes well under one
_ARRIVAL_TIMEOUT = 10.0  # seconds after the end of the program by which the server must have the event
_WIDEST_LOCAL = 100  # characters shown of a local variable

Say = Callable[[str], None]


class DemoError(Exception):
    """A step of the demonstration went wrong; the message says how, in plain words."""


def run(keep: bool, out: TextIO | None = None) -> int:
    """Show on `out` (default: standard output), step by step, how an error travels. Return the exit code.

    0: it arrived; 1: it did not, or something else failed; 3: Bugsink is not installed. With `keep`,
    the server stays up, to be looked at in the browser, until Ctrl-C.
    """
    say = _voice(sys.stdout if out is None else out)
    server = Bugsink()
    try:
        _start(server, say)
        _demonstrate(server, say)
        _finish(server, keep, say)
    except MissingDependency as error:
        say(f"\n{error}")
        return 3
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return 1
    except (DemoError, ServerError, OSError, subprocess.SubprocessError) as error:
        say(f"\nThe demo failed: {error}")
        return 1
    finally:
        server.stop()
    return 0


def _start(server: Bugsink, say: Say) -> None:
    say("1. Starting Bugsink, a real error tracker, on this computer alone. This takes about 6 seconds ...")
    began = time.monotonic()
    server.start()
    say(f"   It serves at {server.url} after {time.monotonic() - began:.1f} s.")


def _demonstrate(server: Bugsink, say: Say) -> None:
    say(f"\n2. Running a small program that fails: {_PROGRAM}")
    say(f"   All it knows of the server is SENTRY_DSN={server.dsn}")
    printed = _run_program(server.dsn)
    for line in printed.splitlines():
        say(f"   | {line}")
    found = re.search(r"\b[0-9a-f]{32}\b", printed)
    if found is None:
        raise DemoError("the program has not reported an event; above is what it printed.")
    event_id = found[0]
    say("   The program has ended. It did not wait for the delivery: Raven made it at the exit.")
    say("\n3. Reading the event back from the server:\n")
    for line in describe(server.event(event_id, _ARRIVAL_TIMEOUT)):
        say(f"   {line}".rstrip())
    say(f"\n4. In the browser, it is at {server.event_url(event_id)}")


def _finish(server: Bugsink, keep: bool, say: Say) -> None:
    if not keep:
        say("   The server stops now. `raven demo --keep` leaves it up, to have a look.")
        return
    try:
        say(f"   Log in as {server.username} with the password {server.password}")
        say("   Ctrl-C stops the server and removes all it has stored.")
        code = server.wait()
    except KeyboardInterrupt:
        say("\n   Stopped.")
    else:
        raise DemoError(f"the server ended by itself, with exit code {code}.")


def _run_program(dsn: str) -> str:
    """Run the program that fails, as a user's own program would run; return what it printed."""
    with tempfile.TemporaryDirectory(prefix="raven-demo-") as folder:
        # A copy in a folder of its own: where Raven is installed, all code counts as a library's.
        program = shutil.copy(_PROGRAM, folder)
        ended = subprocess.run(
            [sys.executable, program],
            cwd=folder,
            env=_environment(dsn),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PROGRAM_TIMEOUT,
        )
    if ended.returncode != 0:
        raise DemoError(f"the program ended with exit code {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout + ended.stderr


def _environment(dsn: str) -> dict[str, str]:
    """Ours, less the settings of another error tracker; and Raven can be imported, installed or not."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "RAVEN_"))}
    kept |= {"SENTRY_DSN": dsn, "PYTHONIOENCODING": "utf-8", "no_proxy": "*"}
    root = str(Path(__file__).resolve().parents[2])
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")]))
    return kept


def describe(event: dict[str, Any]) -> Iterator[str]:
    """Lines that show an event's chain of exceptions, each with its frames, source and local variables.

    Raises DemoError for an event without an exception.
    """
    values = (event.get("exception") or {}).get("values")
    if not values:
        raise DemoError("the event arrived, but holds no exception.")
    for index, value in enumerate(values):
        if index:
            yield "which led to"
            yield ""
        yield f"{value.get('type')}: {value.get('value')}"
        for frame in (value.get("stacktrace") or {}).get("frames") or ():
            yield from _frame(frame)
        yield ""


def _frame(frame: dict[str, Any]) -> Iterator[str]:
    at = frame.get("lineno") or 0
    yield f"  {frame.get('filename') or frame.get('abs_path')}:{at} in {frame.get('function')}"
    before = frame.get("pre_context") or []
    for offset, line in enumerate(before, at - len(before)):
        yield f"      {offset:4} {line}"
    if frame.get("context_line") is not None:
        yield f"    > {at:4} {frame['context_line']}"
    for offset, line in enumerate(frame.get("post_context") or (), at + 1):
        yield f"      {offset:4} {line}"
    for name, value in (frame.get("vars") or {}).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"           {name} = {text if len(text) <= _WIDEST_LOCAL else text[:_WIDEST_LOCAL] + ' ...'}"


def _voice(out: TextIO) -> Say:
    """Writes lines to `out` at once, also such as its encoding can't hold."""
    encoding = out.encoding or "utf-8"  # none in memory

    def say(text: str) -> None:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=out, flush=True)

    return say
