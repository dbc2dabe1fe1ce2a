"""Try again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from ..chance import chance
from ..errors import ConnectionLost, SendError
from ..first_import import first_import
from ..options import option
from ..request import Request, Response, Send
from ..runtimes import Runtime
from .retry_after import retry_after
from .retry_budget import Budget
from .stage import Context, Stage

if TYPE_CHECKING:
    from tenacity import RetryCallState

Result = Response | SendError
_Attempt = Callable[[Request], Awaitable[Result]]


class Retry(Stage):
    """Try again what may succeed a little later, with growing random pauses ("full jitter").

    In `mode` "default", failures of the network (connection, name, reset, timeout) and the answers in `statuses` (default
    408, 502, 503, 504: a proxy before a server that never saw the event) get `attempts` tries (default 8), and other 5xx
    two. Everything else is final: 4xx, 429, redirects, a certificate that is refused. In `mode` "spec", as Sentry's
    specification has it, every answer is final and only failures of the network are tried again.

    The pause before try n is random, up to `backoff` * 2**(n-2) seconds (default 0.5), but at most `longest_backoff`
    (default 10), and at least what the server's `Retry-After` asks for. All tries and pauses together end within
    `total_timeout` seconds (default 30): a pause that would reach beyond is not begun, and the last result stands.

    So that a server in trouble isn't drowned in tries, those beyond the first of each event are spaced: there may be
    `retry_share` of them for each event (default 0.2), one for each second, and ten in reserve.

    A connection that the server closed while it was idle is replaced at once, and not counted as a try.
    Stands below Queue, so that nobody waits for it, and below whatever need be done only once. Sending the same event
    twice is safe: servers store one id once.
    """

    role: ClassVar[str] = "retry"
    below: ClassVar[dict[str, str]] = {"queue": "it would see no failure"}

    mode: Literal["default", "spec"] = "default"
    attempts: int = option(8, minimum=1)
    total_timeout: float = option(30.0, above=0, unit="seconds")
    backoff: float = option(0.5, minimum=0, unit="seconds")
    longest_backoff: float = option(10.0, minimum=0, unit="seconds")
    statuses: frozenset[int] = option(frozenset({408, 502, 503, 504}), minimum=400, maximum=599)
    retry_share: float = option(0.2, minimum=0, maximum=100)

    def bind(self, send: Send, context: Context) -> Send:
        runtime = context.runtime
        budget = Budget(self.retry_share, runtime.monotonic)

        async def attempt(request: Request) -> Result:
            sent = request.copy()  # what is done to it below must not be done twice
            try:
                return await send(sent)
            except SendError as error:
                # Its traceback, and that of what it came of, would hold our callers' frames, in which it is the result.
                error.__context__ = None
                return error.with_traceback(None)
            finally:
                request.deadline = sent.deadline  # which a breaker puts off

        async def retry(request: Request) -> Response:
            request.due(runtime.monotonic() + self.total_timeout)
            budget.earn()
            result = await attempt(request)
            if isinstance(result, ConnectionLost) and result.stale:
                result = await attempt(request)
            if self.tries(result) > 1:
                result = await self._again(result, request, attempt, runtime, budget)
            try:
                if isinstance(result, SendError):
                    raise result
                return result
            finally:
                del result  # an error would hold itself, by its traceback

        return retry

    def tries(self, result: Result) -> int:
        """How often to try in all, after this result. 1 is: it is final."""
        if isinstance(result, SendError):
            return self.attempts if result.transient else 1
        if self.mode == "spec":
            return 1
        if result.status in self.statuses:
            return self.attempts
        return min(2, self.attempts) if result.status >= 500 else 1

    async def _again(
        self, first: Result, request: Request, attempt: _Attempt, runtime: Runtime, budget: Budget
    ) -> Result:
        # tenacity takes long to import and costs something per call, so only failures come here; the one that we have
        # is handed to it as its first try.
        with first_import():
            from tenacity import AsyncRetrying, retry_if_result, wait_exponential

        results: list[Result] = [first]
        longest = wait_exponential(multiplier=self.backoff, max=self.longest_backoff)

        async def next_try() -> Result:
            return results.pop() if results else await attempt(request)

        def pause(state: RetryCallState) -> float:
            jitter = chance.uniform(0.0, longest(state))
            return max(jitter, _asked_pause(_result(state), self.total_timeout), budget.spend())

        def give_up(state: RetryCallState) -> bool:
            assert request.deadline is not None
            late = runtime.monotonic() + state.upcoming_sleep >= request.deadline
            over = late or state.attempt_number >= self.tries(_result(state))
            if over:
                budget.give_back()
            return over

        async def sleep(seconds: float) -> None:
            with request.rest():
                await runtime.sleep(seconds)

        retrying = AsyncRetrying(
            sleep=sleep,
            wait=pause,
            stop=give_up,
            retry=retry_if_result(lambda result: self.tries(result) > 1),
            retry_error_callback=_result,
        )
        try:
            result: Result = await retrying(next_try)
            return result
        finally:
            vars(retrying).clear()  # it holds itself, and by our functions the request


def _result(state: RetryCallState) -> Result:
    assert state.outcome is not None
    result: Result = state.outcome.result()
    return result


def _asked_pause(result: Result, ceiling: float) -> float:
    if isinstance(result, SendError):
        return 0.0
    # At the ceiling the pause reaches beyond the deadline, so a server that asks for more is not tried again.
    return retry_after(result.headers.get("retry-after"), ceiling) or 0.0
