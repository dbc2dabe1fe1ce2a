"""Sinks: the end of a stack. Each translates one library into one `Response` and one tree of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..options import Configured
from ..pipeline.stage import Context
from ..request import Send
from ..runtimes import Runtime


class Sink(Configured):
    """Base of every sink's configuration.

    `suspends` says that sending suspends the coroutine (as asyncio does), so that the stack must have a queue. `needs` is
    as a stage's. The bound sink may have a `close()`, which frees what it holds.
    """

    suspends: ClassVar[bool] = False
    needs: ClassVar[Mapping[str, str]] = {}

    def runtime(self) -> Runtime:
        """A new runtime of the kind that this sink sends under."""
        raise NotImplementedError(f"{type(self).__name__} needs a runtime()")

    def bind(self, context: Context) -> Send:
        """Make what sends: a function that gets each request and returns the server's answer."""
        raise NotImplementedError(f"{type(self).__name__} needs a bind(context)")

    def at_exit(self) -> Sink | None:
        """A blocking sink that can take this one's place while the interpreter exits; None if there is none."""
        return None
