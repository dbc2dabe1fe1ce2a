"""Hold all transports to the same: `python -m raven.testing.conformance`. What follows is for pytest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from raven.testing.conformance.table import Table

ARGUMENTS = ["-q", "--import-mode=importlib", "-p", "raven.testing.servers", str(Path(__file__).parent)]

sys.exit(pytest.main([*ARGUMENTS, *sys.argv[1:]], plugins=[Table()]))
