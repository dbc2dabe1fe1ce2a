"""A plugin for pytest: what a test writes, or has Raven log, must show no key, no password and no body that it planted."""

from __future__ import annotations

import pytest

PLANTED = ("secretkey", "hiddenkey", "proxypassword", "bodytext", "answertext")
"""Words that occur in nothing but keys, proxies' passwords, and bodies of requests and answers."""


def shown_in(text: str) -> list[str]:
    """Which of them a text has."""
    return [word for word in PLANTED if word in text]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if report.when == "teardown" and report.passed and (shown := shown_in(_output(report))):
        report.outcome = "failed"
        report.longrepr = f"what {item.nodeid} wrote shows {', '.join(shown)}"
    return report


def _output(report: pytest.TestReport) -> str:
    """All that was captured of a test until now: stdout, stderr and log lines."""
    return "\n".join(content for _, content in report.sections)
