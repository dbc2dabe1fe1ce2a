"""Hold all transports to the same: `python -m raven.testing.conformance`, if need be with `--patched gevent` or
`--patched eventlet`. What else follows is for pytest.
"""

from __future__ import annotations

import sys

from raven.testing.conformance.patched import patch

arguments = patch(sys.argv[1:])

from pathlib import Path  # noqa: E402  what is imported from here on is patched

import pytest  # noqa: E402

# pytest-benchmark has a git to ask, and trips over Eventlet's subprocess.
PLUGINS = ["-p", "no:benchmark", "-p", "raven.testing.servers", "-p", "raven.testing.conformance.table"]

sys.exit(pytest.main(["-q", "--import-mode=importlib", *PLUGINS, str(Path(__file__).parent), *arguments]))
