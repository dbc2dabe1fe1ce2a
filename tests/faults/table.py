"""Which scenario is proved by what, for which transports, by the tests that passed. A plugin for pytest."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scenarios import SCENARIOS

ROOT = Path(__file__).parent.parent.parent
HEAD = ["", "what happens", "what holds", "proved by", "transports", "result"]


def pytest_configure(config: pytest.Config) -> None:
    """Be a plugin."""
    config.pluginmanager.register(Table())


class Table:
    """Counts, and shows in the end."""

    def __init__(self) -> None:
        self._passed: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._transports: defaultdict[str, set[str]] = defaultdict(set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
        report = yield
        if report.when == "call" or report.failed:
            file = item.path.relative_to(ROOT).as_posix()
            for proof in (file, f"{file}::{getattr(item, 'originalname', item.name)}"):
                (self._passed if report.passed else self._failed)[proof] += 1
                self._transports[proof].update(_transports_of(item))
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line("")
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """The table, as Markdown."""
        rows = [HEAD, ["---"] * len(HEAD)]
        for scenario in SCENARIOS:
            passed = sum(self._passed[proof] for proof in scenario.proofs)
            failed = sum(self._failed[proof] for proof in scenario.proofs)
            transports: set[str] = set().union(*(self._transports[proof] for proof in scenario.proofs))
            files = dict.fromkeys(proof.partition("::")[0] for proof in scenario.proofs)
            rows.append(
                [
                    scenario.id,
                    scenario.fault,
                    scenario.holds,
                    ", ".join(f"[{Path(file).stem.removeprefix('test_')}](../../{file})" for file in files),
                    str(len(transports) or "-"),
                    f"{failed} of {passed + failed} fail" if failed else f"{passed} ✓" if passed else "not run",
                ]
            )
        return [f"| {' | '.join(row)} |" for row in rows]


def _transports_of(item: pytest.Item) -> set[str]:
    """Which transports a test says that it is about. What a sink does, all transports do that have it."""
    # Not before pytest has begun, which wants to see what is imported.
    from raven.testing.conformance.transports import TRANSPORTS

    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return {each.__name__ for each in TRANSPORTS for it in parameters.items() if _is_about(*it, each)}


def _is_about(name: str, value: Any, transport: Any) -> bool:
    if name in ("library", "module", "workers") and type(value) is str:  # of a program
        return bool(value == transport.__module__.rpartition(".")[2])
    # Asked by no method of the value: those of a hostile one may do anything.
    return value is transport or value is type(transport.sink) or (type(value) is str and value == transport.__name__)
