"""What a stage is.

A stage is two things. The configuration is a small value: its annotated attributes are its options, nothing changes it,
and one can serve many clients. `bind(send, context)` makes the behaviour, which owns all state: an async function, or an
object with an async `__call__` and perhaps `flush` and `close`.

A stage awaits the `send` that it was given and the `sleep` of `context.runtime`, and nothing else. So the same stage
works under threads, greenlets, asyncio and Twisted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Protocol, runtime_checkable

from ..dsn import Dsn
from ..frozen import Frozen
from ..ledger import Ledger
from ..options import Configured
from ..request import Request, Response, Send
from ..runtimes import Runtime


def _no_twin() -> Send | None:
    return None


def _never() -> bool:
    return False


class Context(Frozen):
    """What binding hands down to every stage and to the sink.

    `twin()` makes a blocking copy of what lies below a stage, for the interpreter's exit, when the runtime may be gone;
    None if the sink has none. `is_closed()` tells whether the transport was closed, for those who wait long.
    """

    dsn: Dsn
    runtime: Runtime
    ledger: Ledger
    twin: Callable[[], Send | None] = _no_twin
    is_closed: Callable[[], bool] = _never


@runtime_checkable
class Holding(Protocol):
    """What a bound stage has in addition if it keeps requests to deliver them later. It is known by its `flush_here`.

    When it takes a request it sets `request.fate.held` and answers `HELD`; from then on it must settle the request, with
    `context.ledger`, whatever the stages above it make of that answer.
    """

    async def flush(self, deadline: float) -> bool:
        """Wait until all that is held now is settled, or until the deadline. Whether it is settled."""

    def flush_here(self, deadline: float) -> bool:
        """The same where the runtime can't be waited for: deliver in the calling thread, by `context.twin()`."""

    def close(self) -> None:
        """Accept nothing more, and drop what is left."""


@runtime_checkable
class Reporting(Protocol):
    """What a bound stage has in addition if it has something to send of its own accord, when all else is settled. It is
    known by its `report_here`.
    """

    async def report(self, deadline: float) -> None:
        """Send it, until the deadline."""

    def report_here(self, deadline: float) -> None:
        """The same where the runtime can't be waited for."""


class Stage(Configured):
    """Base of every stage's configuration.

    `role` is what the stage does in a stack; rules speak of roles, so that a stage of yours can take the place of one of
    ours. `needs` are roles without which it can't work: one of each must stand above. `below` are roles that must not
    stand below it. Both say why, for the error message.
    """

    role: ClassVar[str] = ""
    needs: ClassVar[Mapping[str, str]] = {}
    below: ClassVar[Mapping[str, str]] = {}

    def bind(self, send: Send, context: Context) -> Send:
        """Make the behaviour: a function that gets each request, and passes it on to `send`."""
        raise NotImplementedError(f"{type(self).__name__} needs a bind(send, context)")


StageFunction = Callable[[Request, Send], Awaitable[Response]]


class FunctionStage(Stage):
    """A stage that was made of a function, by `@stage`."""

    function: StageFunction

    def bind(self, send: Send, context: Context) -> Send:
        function = self.function

        async def call(request: Request) -> Response:
            return await function(request, send)

        return call

    def __repr__(self) -> str:
        return getattr(self.function, "__name__", repr(self.function))


def stage(function: StageFunction) -> FunctionStage:
    """Make a stage of an async function that has no options and no state.

    >>> @stage
    ... async def tag_host(request, send):
    ...     request.event["server_name"] = "web-1"
    ...     return await send(request)
    >>> tag_host
    tag_host
    """
    return FunctionStage(function)
