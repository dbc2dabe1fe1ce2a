"""What the micro-benchmarks share.

    pytest benchmarks/micro                                           # seconds of wall clock
    pytest benchmarks/micro --benchmark-timer=time.process_time       # seconds of CPU time, as `run.py` does
    pytest benchmarks/micro --benchmark-disable                       # each once: do they still work?

Each times many calls in one go; `extra_info["calls"]` says how many, by which a printed figure is to be divided.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from server import Server

CALLS = 200
ROUNDS = 30


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Of the fast server."""
    with Server() as server:
        yield server.port


@pytest.fixture
def many(benchmark: Any) -> Callable[[str, Callable[[int], object]], None]:
    """Time a function that does its work as often as it is told. The name is what `run.py` knows it by."""

    def measure(name: str, function: Callable[[int], object]) -> None:
        benchmark.extra_info.update(calls=CALLS, name=name)
        benchmark.pedantic(function, args=(CALLS,), rounds=ROUNDS, warmup_rounds=2)

    return measure
