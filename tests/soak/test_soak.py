"""Some seconds of the soak, for each transport. The long one is `python -m tests.soak`."""

from __future__ import annotations

import subprocess
import sys

from raven.testing.conformance.transports import TRANSPORTS


def test_the_books_balance_and_nothing_is_left_over() -> None:
    command = [sys.executable, "-m", "tests.soak", "--minutes", "0.05", "--seed", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 1 + len(TRANSPORTS)
