"""The README's example of a sink for one more HTTP library does what Raven's own do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(400)
def test_it_passes_the_conformance_suite() -> None:
    own = {"RAVEN_TRANSPORT": "tests.examples.httpcore_sink:HttpcoreTransport"}
    suite = subprocess.run(
        [sys.executable, "-m", "raven.testing.conformance"],
        cwd=Path(__file__).parent.parent,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=380,
    )
    assert suite.returncode == 0, suite.stdout[-10_000:] + suite.stderr
    assert "| `HttpcoreTransport` |" in suite.stdout
    assert " fail" not in suite.stdout
