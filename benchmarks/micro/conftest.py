"""What the micro-benchmarks share.

    pytest benchmarks/micro                                           # seconds of wall clock
    pytest benchmarks/micro --benchmark-timer=time.process_time       # seconds of CPU time, as `run.py` does
    pytest benchmarks/micro --benchmark-disable                       # each once: do they still work?

Each times many calls in one go; `extra_info["calls"]` says how many, by which a printed figure is to be divided.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from server import Server

from raven.require import import_optional

import_optional()  # as a program's first delivery does

Work = Callable[[int], object]
CALLS = 200
ROUNDS = 30


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Of the fast server."""
    with Server() as server:
        yield server.port


@pytest.fixture
def many(benchmark: Any) -> Callable[..., None]:
    """Time a function that does its work as often as it is told. The name is what `run.py` knows it by.

    `beside`: others by their names. They have turns, so that all meet with the same moments of the machine;
    `extra_info["beside"]` has the others' seconds, their medians.
    """
    timer = benchmark._timer  # the option's; there is no public way to it

    def measure(name: str, function: Work, **beside: Work) -> None:
        seconds: dict[str, list[float]] = {other: [] for other in beside}

        def others() -> None:
            for other, work in beside.items():
                began = timer()
                work(CALLS)
                seconds[other].append(timer() - began)

        benchmark.pedantic(function, args=(CALLS,), setup=others, rounds=ROUNDS, warmup_rounds=2)
        medians = {other: statistics.median(took) for other, took in seconds.items()}
        benchmark.extra_info.update(calls=CALLS, name=name, beside=medians)

    return measure
