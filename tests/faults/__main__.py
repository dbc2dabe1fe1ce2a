"""Run the tests that prove what becomes of each fault, and print the table: `python -m tests.faults [F01 ...]`."""

from __future__ import annotations

import sys

import pytest

from tests.faults.scenarios import SCENARIOS

wanted = [word for word in sys.argv[1:] if word.startswith("F")]
proofs = dict.fromkeys(
    proof for scenario in SCENARIOS if not wanted or scenario.id in wanted for proof in scenario.proofs
)
# A test whose whole file is a proof as well is run once.
proofs = dict.fromkeys(proof for proof in proofs if "::" not in proof or proof.partition("::")[0] not in proofs)
others = [word for word in sys.argv[1:] if word not in wanted]
sys.exit(pytest.main(["-q", "-p", "tests.faults.table", *proofs, *others]))
