"""Fixtures that all tests can use."""

from __future__ import annotations

pytest_plugins = ["raven.testing.fixtures", "tests.servers"]
