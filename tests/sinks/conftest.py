"""What the tests of the sinks share with the conformance suite."""

from __future__ import annotations

from raven.testing.conformance.conftest import authority, local_context

__all__ = ["authority", "local_context"]
