"""Drive one stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..dsn import Dsn
from ..events.event import new_event_id
from ..ledger import Ledger
from ..pipeline.stage import Context, Stage
from ..request import Request, Response, Send
from ..runtimes import Runtime
from .runtime import FakeRuntime
from .scripted import Answer, ScriptedSink

DSN = "http://public@sentry.example/1"


def fake_context(runtime: Runtime | None = None, dsn: str = DSN, twin: Send | None = None) -> Context:
    """A context to bind a stage or a sink with."""
    return Context(Dsn.parse(dsn), runtime or FakeRuntime(), Ledger(), lambda: twin)


class StageDriver:
    """One stage, bound to a `FakeRuntime`, over a sink that gives `answers` (see `ScriptedSink`).

    `received` has what reached the sink, `runtime` has the clock, `context` the ledger, and `bound` is what the stage's
    `bind` returned.
    """

    def __init__(self, stage: Stage, answers: Iterable[Answer] = (200,), *, dsn: str = DSN) -> None:
        self.runtime = FakeRuntime()
        self.sink = ScriptedSink(answers)
        self.context = fake_context(self.runtime, dsn)
        self.bound: Any = stage.bind(self.sink.bind(self.context), self.context)

    @property
    def received(self) -> list[Request]:
        """Copies of the requests that came out of the stage, as they were then."""
        return self.sink.received

    def send(
        self,
        request: Request | None = None,
        *,
        event: dict[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        category: str = "error",
    ) -> Response:
        """Pass a request into the stage, and return what comes back. What the stage raises is raised."""
        request = request or Request(new_event_id(), category, event, body=body, headers=headers)

        async def passed() -> Response:
            response: Response = await self.bound(request)
            return response

        return self.runtime.run(passed)
