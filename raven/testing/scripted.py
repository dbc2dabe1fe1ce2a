"""A sink that answers as it is told."""

from __future__ import annotations

from collections.abc import Iterable

from ..frozen import made_by
from ..pipeline.stage import Context
from ..request import Request, Response, Send
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from ..sinks import Sink

Answer = int | Response | BaseException | float


class ScriptedSink(Sink):
    """Give the answers one after the other; the last one is given again and again. Without one, 200.

    An answer is a status, a `Response`, or an error to raise. A float is a pause of so many seconds on the runtime's clock
    before the answer that follows it. `received` has a copy of each request as it was when it arrived.
    """

    answers: Iterable[Answer] = (200,)
    received: list[Request] = made_by(list, repr=False)

    __eq__, __hash__ = object.__eq__, object.__hash__

    def runtime(self) -> Runtime:
        return ThreadRuntime()

    def at_exit(self) -> Sink | None:
        return self

    def bind(self, context: Context) -> Send:
        left = list(self.answers)
        if not left or isinstance(left[-1], float):
            left.append(200)

        async def answer(request: Request) -> Response:
            self.received.append(request.copy())
            pauses: list[float] = []  # taken together with their answer, which is for nobody else
            while isinstance(given := left.pop(0) if len(left) > 1 else left[0], float):
                pauses.append(given)
            for seconds in pauses:
                await context.runtime.sleep(seconds)
            if isinstance(given, BaseException):
                raise given
            return given if isinstance(given, Response) else Response(given)

        return answer
