"""Which transport holds to what, by the tests that it passed."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from raven.pipeline import Stack

COLUMNS = {
    "test_servers": "Bugsink and Kent",
    "test_busy": "1,000 at once",
    "test_deadline": "deadline",
    "test_exchange": "odd answers, keep-alive",
    "test_tls": "TLS",
    "test_client_certificate": "client certificates",
    "test_proxied": "proxies",
    "test_ipv6": "IPv6",
}
"""What the tests of each module are about."""


def pytest_configure(config: pytest.Config) -> None:
    """Be a plugin."""
    config.pluginmanager.register(Table())


def _transports() -> tuple[type[Stack], ...]:
    # Not before pytest has begun: it wants to see some packages being imported.
    from raven.testing.conformance.transports import TRANSPORTS

    return TRANSPORTS


class Table:
    """Counts, and shows in the end."""

    def __init__(self) -> None:
        self._passed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._failed: defaultdict[str, Counter[str]] = defaultdict(Counter)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
        report = yield
        if report.when == "call" or report.failed:
            counts = self._passed if report.passed else self._failed
            for transport in _transports_of(item):
                counts[transport][item.path.stem] += 1
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line("")
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """The table, as Markdown."""
        rows = [["transport", *COLUMNS.values()], ["---"] * (len(COLUMNS) + 1)]
        for transport in _transports():
            name = transport.__name__
            cells = (_cell(self._passed[name][module], self._failed[name][module]) for module in COLUMNS)
            rows.append([f"`{name}`", *cells])
        return [f"| {' | '.join(row)} |" for row in rows]


def _cell(passed: int, failed: int) -> str:
    if failed:
        return f"{failed} of {passed + failed} fail"
    return f"{passed} ✓" if passed else "-"


def _transports_of(item: pytest.Item) -> list[str]:
    """Which transports a test is about. What a sink does, all transports do that have it."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    for name in ("transport", "queued"):
        if name in parameters:
            return [str(getattr(parameters[name], "__name__", name))]
    return [each.__name__ for each in _transports() if type(each.sink) is parameters.get("kind")]
