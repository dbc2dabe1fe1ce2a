"""A sink that keeps what it is given."""

from __future__ import annotations

from ..frozen import made_by
from ..pipeline.stage import Context
from ..request import Request, Response, Send
from ..runtimes import Runtime
from ..runtimes.threads import ThreadRuntime
from . import Sink


class MemorySink(Sink):
    """Keep every request, in `requests`, and answer 200. It takes anything, so it needs no stage above it."""

    requests: list[Request] = made_by(list, repr=False)

    __eq__, __hash__ = object.__eq__, object.__hash__

    def runtime(self) -> Runtime:
        return ThreadRuntime()

    def at_exit(self) -> Sink:
        return self

    def bind(self, context: Context) -> Send:
        async def keep(request: Request) -> Response:
            self.requests.append(request.copy())
            return Response(200)

        return keep
