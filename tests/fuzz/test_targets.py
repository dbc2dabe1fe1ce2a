"""What the fuzzer looks for is looked for a little in each run of the tests, in what it begins with and around it."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_what_it_begins_with(name: str) -> None:
    target, seeds = TARGETS[name]
    for seed in seeds:
        target(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_like_that(name: str) -> None:
    target, seeds = TARGETS[name]

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(seeds), st.integers(0, 100), st.integers(0, 10), st.binary(max_size=30))
    def mutated(seed: bytes, at: int, cut: int, put: bytes) -> None:
        target(seed[:at] + put + seed[at + cut :])

    mutated()
