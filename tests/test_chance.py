"""Chance is ours alone: the program's generator neither gives us numbers nor loses any."""

from __future__ import annotations

import random

from raven.chance import chance


def test_a_program_that_seeds_its_generator_gets_its_own_numbers_and_we_get_others() -> None:
    random.seed(1)
    state = random.getstate()
    first = chance.uniform(0.5, 1.0)
    assert random.getstate() == state
    random.seed(1)
    assert chance.uniform(0.5, 1.0) != first
