"""Hold all transports to the same: `python -m raven.testing.conformance`. What follows is for pytest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

PLUGINS = ["-p", "raven.testing.servers", "-p", "raven.testing.conformance.table"]

sys.exit(pytest.main(["-q", "--import-mode=importlib", *PLUGINS, str(Path(__file__).parent), *sys.argv[1:]]))
