"""Fixtures that all tests can use."""

from __future__ import annotations

import signal

import pytest

pytest_plugins = ["raven.testing.fixtures", "raven.testing.servers", "tests.fixtures", "tests.secrets"]

collect_ignore = ["examples"]  # they are programs, one of which patches whoever imports it

# What a shell starts in the background ignores Ctrl-C, and so would the programs of the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's proxies are is none of a test's business."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
