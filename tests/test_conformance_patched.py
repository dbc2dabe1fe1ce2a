"""The transports that monkey-patched programs have do the same in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from raven.testing.conformance.patched import LIBRARIES

# What patches change most: sockets, TLS and threads. `tests/process` has patched programs of more kinds.
MODULES = "test_exchange or test_tls or test_client_certificate or test_busy"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_conformance_suite_is_green_in_a_patched_process(library: str) -> None:
    suite = subprocess.run(
        [sys.executable, "-m", "raven.testing.conformance", "--patched", library, "-k", MODULES],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=380,
    )
    assert suite.returncode == 0, suite.stdout[-10_000:] + suite.stderr
    rows = [line for line in suite.stdout.splitlines() if line.startswith("| `")]
    assert len(rows) == 5
    assert all(row.count("✓") == 4 for row in rows)


def test_another_library_is_refused() -> None:
    suite = subprocess.run(
        [sys.executable, "-m", "raven.testing.conformance", "--patched", "asyncio"], capture_output=True, text=True
    )
    assert (suite.returncode, suite.stderr) == (1, "--patched takes one of: gevent, eventlet\n")
