"""Leave a server alone that is down, and keep the events until it is back."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from ..chance import chance
from ..errors import CircuitOpen, Closed, ConnectionLost, SendError, SendTimeout
from ..options import option
from ..request import Request, Response, Send
from ..runtimes import Waker
from .stage import Context, Stage

_DOWN = frozenset({408, 502, 503, 504})
"""Answers of a proxy whose server is not there."""
_LONGEST_PAUSE = 30.0
_LOOK_UP = 1.0
"""Seconds after which who waits looks whether the transport was closed."""
_LEAST_WAIT = 0.001
"""Seconds. What is left of a pause may be less than the clock can tell."""


class Breaker(Stage):
    """Stop asking a server that is down, and keep the events until it is back.

    When `breaker_failures` tries in a row (default 5) have failed, because there was no answer or a 408, 502, 503 or 504,
    the breaker opens. From then on one try at a time goes through, to see whether the server is back: the first after
    about `breaker_pause` seconds (default 1), each later one after about twice as long, up to 30 seconds. When one
    succeeds, all go on.

    Whatever else is to be sent meanwhile waits here, for up to `longest_outage` seconds (default 300) before each of its
    tries, and is then dropped as "network_error". The time that it waits counts neither as a try nor for `total_timeout`.
    Behind it, the queue fills. With 0 nothing waits, and what is sent while the breaker is open fails at once.

    Stands below Retry, so as to see each try, and above Timeout, which would count the time of waiting.
    """

    role: ClassVar[str] = "breaker"
    below: ClassVar[dict[str, str]] = {
        "queue": "it would see no failure",
        "retry": "it would take all the tries of an event for one",
    }

    breaker_failures: int = option(5, minimum=1)
    breaker_pause: float = option(1.0, above=0, unit="seconds")
    longest_outage: float = option(300.0, minimum=0, unit="seconds")

    def bind(self, send: Send, context: Context) -> BoundBreaker:
        return BoundBreaker(self, send, context)


class BoundBreaker:
    """The breaker of one transport. It takes no lock: `_right` has the token of the one that may see whether the server is
    back, and what threads count at the same moment may count as one.
    """

    def __init__(self, breaker: Breaker, send: Send, context: Context) -> None:
        self._options = breaker
        self._send = send
        self._runtime = context.runtime
        self._is_closed = context.is_closed
        self._failures = 0
        self._pause = 0.0
        self._next = 0.0
        self._right = deque([None])
        self._waiting: deque[Waker] = deque()

    @property
    def is_open(self) -> bool:
        """Whether the server counts as down."""
        return self._failures >= self._options.breaker_failures

    async def __call__(self, request: Request) -> Response:
        probing = await self._pass(request) if self.is_open else False
        try:
            response = await self._send(request)
        except SendError as error:
            if error.transient and not (isinstance(error, ConnectionLost) and error.stale):
                self._failed(probing)
            raise
        finally:
            if probing:
                self._right.append(None)
                self._wake()
        if response.status in _DOWN:
            self._failed(probing)
        else:
            self._failures = 0
            self._pause = 0.0
            self._wake()
        return response

    def _failed(self, probing: bool) -> None:
        self._failures += 1
        if probing or self._failures == self._options.breaker_failures:
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause or self._options.breaker_pause)
            # Not all clients of a server that comes back should ask at the same moment.
            self._next = self._runtime.monotonic() + self._pause * chance.uniform(0.5, 1.0)

    async def _pass(self, request: Request) -> bool:
        """Wait until the server is back, or until it is our turn to see whether it is. Whether it is the latter."""
        began = self._runtime.monotonic()
        until = began + self._options.longest_outage
        if request.latest is not None:
            until = min(until, request.latest)
        waker = self._runtime.waker()
        self._waiting.append(waker)
        try:
            while self.is_open:
                now = self._runtime.monotonic()
                wake = until
                if now < self._next:
                    wake = min(until, self._next)
                elif self._take_right():
                    request.put_off(now - began)
                    return True
                if request.latest is not None and now >= request.latest:
                    raise SendTimeout("the server is down, and there is no more time to wait")
                if now >= until:
                    raise CircuitOpen("the server is down, as the tries before have shown")
                if self._is_closed():
                    raise Closed("the transport was closed")
                await waker.wait(min(_LOOK_UP, max(_LEAST_WAIT, wake - now)))
        finally:
            self._waiting.remove(waker)
        request.put_off(self._runtime.monotonic() - began)
        return False

    def _take_right(self) -> bool:
        try:
            self._right.pop()
        except IndexError:  # another one sees
            return False
        return True

    def _wake(self) -> None:
        for waker in self._waiting.copy():
            waker.wake()
