"""What travels down a stack, and what comes back.

The whole contract between the stages: a `Request` goes down, a `Response` comes up, and whatever carries the one to the
other is a `Send`, be it a stage or a sink.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .frozen import Frozen, made_by

Rest = Callable[[], AbstractContextManager[None]]


class Fate:
    """What becomes of a request and its copies, which is one thing.

    `held` says that a stage keeps it and will settle it, whatever the stages above make of that stage's answer.
    """

    __slots__ = ("_open", "held")

    def __init__(self) -> None:
        self.held = False
        self._open = [None]

    def close(self) -> bool:
        """Whether this is the first call, which alone may settle the request. Atomic."""
        try:
            self._open.pop()
        except IndexError:
            return False
        return True


class Request:
    """One thing to deliver. The stack that it was given to owns it, and stages may change it.

    `id` is the event's id (32 hex digits). `category` is what the server's rate limits call it: "error",
    "client_report". `event` is the event's dict until a stage has made bytes of it, then None. `plain` says that JSON
    has a form for all that is in the event, so that nobody need look: a NaN may become null then. `body` and `headers` are
    what is sent, and `endpoint` is where to: "envelope" or "store". `deadline` is the moment, in seconds on the
    runtime's monotonic clock, after which nobody waits for the answer any more; None is never. It may be put off, but not
    beyond `latest`. `fate` is what it shares
    with its copies: they are settled once, together. `rest()` makes a context manager for a time in which whoever delivers
    it only waits, so that a queue can have others go on meanwhile.
    """

    __slots__ = (
        "body",
        "category",
        "deadline",
        "endpoint",
        "event",
        "fate",
        "headers",
        "id",
        "latest",
        "plain",
        "rest",
    )

    def __init__(
        self,
        id: str,
        category: str = "error",
        event: dict[str, Any] | None = None,
        *,
        plain: bool = False,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        deadline: float | None = None,
        latest: float | None = None,
        fate: Fate | None = None,
        rest: Rest = nullcontext,
    ) -> None:
        self.id = id
        self.category = category
        self.event = event
        self.plain = plain
        self.body = body
        self.headers = dict(headers or {})
        self.endpoint = endpoint
        self.deadline = deadline
        self.latest = latest
        self.fate = fate or Fate()
        self.rest = rest

    def copy(self) -> Request:
        """One that can be changed without changing this one. The event and the fate are shared."""
        return Request(
            self.id,
            self.category,
            self.event,
            plain=self.plain,
            body=self.body,
            headers=self.headers,
            endpoint=self.endpoint,
            deadline=self.deadline,
            latest=self.latest,
            fate=self.fate,
            rest=self.rest,
        )

    def due(self, latest: float) -> None:
        """Bring the deadline forward to `latest`, if it is not earlier already."""
        if self.deadline is None or latest < self.deadline:
            self.deadline = latest

    def put_off(self, seconds: float) -> None:
        """Put the deadline off, because nobody could do anything for that long."""
        if self.deadline is not None:
            self.deadline = min(self.deadline + seconds, self.latest or math.inf)

    def __repr__(self) -> str:
        size = "no body" if self.body is None else f"{len(self.body)} bytes"
        return f"<Request {self.category} {self.id} {size}>"


class Response(Frozen):
    """A server's answer. Only a 2xx status means that it has the event.

    The names of `headers` are in lower case. `body` is at most the first 64 KiB; servers quote keys in it, so it is
    neither logged nor shown by `repr`.
    """

    status: int
    headers: Mapping[str, str] = made_by(dict)
    body: bytes = b""

    @property
    def delivered(self) -> bool:
        """The server has the event."""
        return 200 <= self.status < 300

    def __repr__(self) -> str:
        return f"Response(status={self.status}, headers={self.headers})"


HELD = Response(0)
"""What a stage answers that has taken the request to deliver it later (`request.fate.held`): nothing is known yet. Its
status, 0, is one that no server can give, and it does not count as delivered."""

Send = Callable[[Request], Awaitable[Response]]
"""The rest of a stack. It returns the server's answer, or raises a `SendError`."""
