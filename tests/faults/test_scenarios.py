"""The list of scenarios is complete, its proofs exist, and the table in the README is that of a run without a failure."""

from __future__ import annotations

import ast
import re

import pytest

from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.table import HEAD, ROOT


def test_every_scenario_is_there_once() -> None:
    ids = [scenario.id for scenario in SCENARIOS]
    assert ids == [f"F{number:02}" for number in range(1, 37)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_its_proofs_are_tests(scenario: Scenario) -> None:
    assert scenario.proofs
    for proof in scenario.proofs:
        file, _, name = proof.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert name in names if name else file.rpartition("/")[2].startswith("test_"), proof


def test_the_table_of_the_readme_is_of_a_run_without_a_failure() -> None:
    lines = (ROOT / "tests/faults/README.md").read_text(encoding="utf-8").splitlines()
    head, _, *rows = [line for line in lines if line.startswith("|")]
    assert [cell.strip() for cell in head.split("|")[1:-1]] == HEAD
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert [row[:3] for row in cells] == [[each.id, each.fault, each.holds] for each in SCENARIOS]
    assert all(re.fullmatch(r"\d+ ✓", row[-1]) for row in cells)
