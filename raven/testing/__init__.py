"""Fakes for tests: of a stage, of a stack, of a program that sends.

    from raven.testing import StageDriver

    def test_the_host_is_tagged():
        driver = StageDriver(tag_host)
        driver.send(event={"message": "hi"})
        assert driver.received[0].event["server_name"] == "web-1"

No test with these waits: a `FakeRuntime` has a clock that is moved by hand. Real servers are in `raven.testing.bugsink` and
`raven.testing.kent`, a pytest fixture in `raven.testing.fixtures`.
"""

from __future__ import annotations

from ..sinks.memory import MemorySink
from .driver import StageDriver, fake_context
from .runtime import FakeRuntime
from .scripted import ScriptedSink

__all__ = ["FakeRuntime", "MemorySink", "ScriptedSink", "StageDriver", "fake_context"]
