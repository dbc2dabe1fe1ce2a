"""What the tests of the stages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import settings

from raven.dsn import Dsn
from raven.errors import SendError
from raven.events.event import new_event_id
from raven.ledger import Stats
from raven.outcome import outcome_of
from raven.pipeline import Context, Queue, Stage
from raven.pipeline.queue import BoundQueue
from raven.request import Request, Response, Send
from raven.runtimes import Runtime, drive
from raven.runtimes.threads import ThreadRuntime
from raven.sinks import Sink
from raven.testing import FakeRuntime, ScriptedSink, fake_context
from raven.testing.scripted import Answer

DSN = Dsn.parse("http://public@sentry.example/1")

repeatable = settings(derandomize=True, deadline=None)
"""The same examples every time, however slow the machine."""


class Alarm(BaseException):
    """No Exception, like the errors by which greenlet libraries stop a greenlet."""


def new_request(name: str = "", **parts: Any) -> Request:
    """A request with an id of its own, whose body is its name."""
    return Request(new_event_id(), body=name.encode(), **parts)


def slow(*answers: Answer, seconds: float = 1.0) -> list[Answer]:
    """Each answer after a pause."""
    return [each for answer in answers for each in (seconds, answer)]


def names(requests: Iterable[Request]) -> list[str]:
    """The bodies of those requests, as text."""
    return [(request.body or b"").decode() for request in requests]


def counted(stats: Stats) -> dict[str, int]:
    """All counts that are not zero, in one dict."""
    counts = {"accepted": stats.accepted, "delivered": stats.delivered, "pending": stats.pending, **stats.dropped}
    return {name: count for name, count in counts.items() if count}


def bind_over(stage: Stage, send: Send, runtime: FakeRuntime | None = None) -> Callable[[Request], Response]:
    """A stage over a `send` of the test's own, as a plain function."""
    runtime = runtime or FakeRuntime()
    bound: Any = stage.bind(send, fake_context(runtime))

    def call(request: Request) -> Response:
        async def passed() -> Response:
            response: Response = await bound(request)
            return response

        return runtime.run(passed)

    return call


class CallSink(Sink):
    """A sink that is a plain function, which may block. It sends from threads."""

    call: Callable[[Request], Response]

    def runtime(self) -> Runtime:
        return ThreadRuntime()

    def at_exit(self) -> Sink:
        return self

    def bind(self, context: Context) -> Send:
        async def send(request: Request) -> Response:
            return self.call(request)

        return send


class Line:
    """A queue on a fake runtime over a scripted sink, and the account of what was put into it."""

    def __init__(
        self,
        queue: Queue,
        answers: Iterable[Answer] = (200,),
        *,
        runtime: FakeRuntime | None = None,
        send: Send | None = None,
        twin: Callable[[], Send | None] = lambda: None,
    ) -> None:
        self.runtime = runtime or FakeRuntime()
        self.sink = ScriptedSink(answers)
        self.context = fake_context(self.runtime).replace(twin=twin)
        self.bound: BoundQueue = queue.bind(send or self.sink.bind(self.context), self.context)

    def put(self, *named: str) -> None:
        """Send a request of each name, as a stack does. Nothing runs yet."""
        for name in named:
            self.put_request(new_request(name))

    def put_request(self, request: Request) -> None:
        self.context.ledger.accept()
        try:
            drive(self.bound(request))
        except SendError as error:
            self.context.ledger.settle(request, outcome_of(error))

    def flush(self, seconds: float = 100.0) -> bool:
        deadline = self.runtime.monotonic() + seconds
        return self.runtime.run(lambda: self.bound.flush(deadline))

    def close(self, seconds: float = 0.0) -> None:
        self.flush(seconds)
        self.bound.close()

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.context.ledger.stats())

    @property
    def arrived(self) -> list[str]:
        """The names of the requests that reached the sink, in order."""
        return names(self.sink.received)
