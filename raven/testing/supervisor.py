"""A command that ends with the process that started it, however that one ends.

Between the two stands a supervisor: this file, run as a script. It reads a pipe from the starter. A
byte in it is the order to end the command. The end of the pipe says that the starter is gone, killed
perhaps, so that nobody is left to clean up either.

As a script this imports nothing of Raven:

    supervisor.py SIGNAL LISTENER THROWAWAY COMMAND...
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

STOP_GRACE = 3.0  # seconds a command gets to end in order before it is killed


def launch(
    command: list[str],
    *,
    listener: int,
    stop_signal: signal.Signals,
    folder: Path,
    throwaway: bool,
    log: Path,
    environment: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start `command` in `folder` under a supervisor, and return the latter. Raises OSError.

    Both are in a process group of their own, whose id is the supervisor's. `listener` is a file
    descriptor the command inherits; `stop_signal` is what ends it in order. The output of both goes to
    the file `log`. With `throwaway`, the folder goes when this process dies without a call to `end`.
    """
    handling = [str(int(stop_signal)), str(listener), str(folder) if throwaway else ""]
    log.touch(mode=0o600)
    with log.open("wb") as output:
        return subprocess.Popen(
            # -I -S: it needs nothing but the standard library, and starts faster
            [sys.executable, "-I", "-S", __file__, *handling, *command],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(listener,),
            cwd=folder,
            env=environment,
            umask=0o077,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End what `launch` started: in order if that succeeds soon, by force otherwise."""
    assert process.stdin is not None
    # Written and not just closed: a fork of this process may hold the pipe open.
    with contextlib.suppress(OSError):
        process.stdin.write(b"\n")
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_GRACE + 2)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def supervise(stop_signal: int, listener: int, throwaway: str, command: list[str]) -> int:
    """Run `command` until it ends or standard input asks for that; return its exit code.

    `throwaway` is the folder to remove when standard input ends; empty for none.
    """
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    os.close(listener)  # or callers of a server that died would hang instead of being refused
    while not select.select([0], [], [], 0.1)[0]:
        if server.poll() is not None:
            return server.returncode
    orphaned = not os.read(0, 1)
    server.send_signal(stop_signal)
    try:
        server.wait(STOP_GRACE)
    except subprocess.TimeoutExpired:
        server.kill()
    if orphaned:
        if throwaway:
            shutil.rmtree(throwaway, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)
    return server.wait()


if __name__ == "__main__":
    sys.exit(supervise(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]))
