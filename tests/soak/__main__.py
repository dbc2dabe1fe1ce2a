"""Every transport under a random mix of faults for a long time: `python -m tests.soak [--minutes 20] [--seed 1]`.

Each has a process of its own, with a server that fails in it, and a wall clock that jumps by years. Fails if the books of
one do not balance, if an event counts as delivered that the server has not got, or if threads, files or memory are left
over.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time

from raven.testing.conformance.transports import TRANSPORTS

parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Every transport under random faults.")
parser.add_argument("--minutes", type=float, default=20.0)
parser.add_argument("--seed", type=int, default=random.randrange(10**6))
parser.add_argument("transport", nargs="*", help="names of classes; by default, all")
arguments = parser.parse_args()

names = arguments.transport or [transport.__name__ for transport in TRANSPORTS]
print(f"seed {arguments.seed}", flush=True)
command = [sys.executable, "-W", "ignore", "-m", "tests.soak.child", str(arguments.minutes * 60), str(arguments.seed)]
children = {name: subprocess.Popen([*command, name]) for name in names}
deadline = time.monotonic() + arguments.minutes * 60 + 120
failed = []
for name, child in children.items():
    try:
        if child.wait(max(0.0, deadline - time.monotonic())) != 0:
            failed.append(name)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        failed.append(f"{name} (hangs)")
sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
