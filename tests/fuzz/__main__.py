"""Fuzz with coverage as the guide: `python -m tests.fuzz TARGET [--seconds 300]`. Needs atheris (`pip install atheris`).

An input that fails is written to `crash-...`, and reproduced by `python -m tests.fuzz TARGET --input crash-...`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Look for input that breaks what reads it.")
parser.add_argument("target", help="dsn, answer, rate_limits, pause, scrubber or serializer")
parser.add_argument("--seconds", type=int, default=300)
parser.add_argument("--input", type=Path, help="try this one only")
arguments = parser.parse_args()

if arguments.input is not None:
    from tests.fuzz.targets import TARGETS

    TARGETS[arguments.target][0](arguments.input.read_bytes())
    sys.exit("it does not fail")

atheris: Any = __import__("atheris")
with atheris.instrument_imports(include=["raven"]):
    from tests.fuzz.targets import TARGETS

target, seeds = TARGETS[arguments.target]
with tempfile.TemporaryDirectory() as corpus:
    for number, seed in enumerate(seeds):
        (Path(corpus) / f"seed{number}").write_bytes(seed)
    bounds = [f"-max_total_time={arguments.seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096"]
    atheris.Setup([sys.argv[0], corpus, *bounds], target)
    atheris.Fuzz()
