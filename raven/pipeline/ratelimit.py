"""Leave the server alone for as long as it asks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from ..errors import RateLimited
from ..options import option
from ..request import Request, Response, Send
from .retry_after import retry_after
from .stage import Context, Stage

# fmt: off
CATEGORIES = frozenset({
    "default", "error", "transaction", "monitor", "span", "log_item", "log_byte", "security", "attachment", "session",
    "profile", "profile_chunk", "replay", "feedback", "trace_metric", "internal",
})
# fmt: on
EVERYTHING = ""
"""The category that stands for all of them."""

_BARE_429 = 60.0
_LONGEST_HEADER = 8_192


class RateLimit(Stage):
    """Drop events (as "ratelimit_backoff") while the server does not want their category.

    Stands below Queue, because it reads the answers. It obeys `X-Sentry-Rate-Limits` on any answer, else `Retry-After` on
    a 429, else waits 60 seconds after a bare 429. Of several limits the longest holds, but none for more than
    `longest_limit` seconds (default 3600), so that one wrong header can't silence a program for good.
    (Sentry: "foundations/transport/rate-limiting".)
    """

    role: ClassVar[str] = "ratelimit"
    below: ClassVar[dict[str, str]] = {"queue": "it would see no answer"}

    longest_limit: float = option(3_600.0, above=0, unit="seconds")

    def bind(self, send: Send, context: Context) -> Send:
        monotonic, ceiling = context.runtime.monotonic, self.longest_limit
        free_at: dict[str, float] = {}

        async def ratelimit(request: Request) -> Response:
            if free_at:
                left = max(free_at.get(request.category, 0.0), free_at.get(EVERYTHING, 0.0)) - monotonic()
                if left > 0:
                    message = f"the server wants no {request.category} for another {math.ceil(left)} seconds"
                    raise RateLimited(message, left)
            response = await send(request)
            for category, seconds in limits(response, ceiling):
                free_at[category] = max(free_at.get(category, 0.0), monotonic() + seconds)
            return response

        return ratelimit


def limits(response: Response, ceiling: float) -> Iterator[tuple[str, float]]:
    """The categories that this answer closes, and for how many seconds. Never raises, whatever the headers hold."""
    header = response.headers.get("x-sentry-rate-limits")
    if header is not None:
        yield from parse_rate_limits(header, ceiling)
    elif response.status == 429:
        seconds = retry_after(response.headers.get("retry-after"), ceiling)
        yield EVERYTHING, min(_BARE_429, ceiling) if seconds is None else seconds


def parse_rate_limits(header: str, ceiling: float) -> Iterator[tuple[str, float]]:
    """Read `retry_after:categories:scope[:...]`, with commas between the limits and semicolons between categories."""
    if len(header) > _LONGEST_HEADER:
        header = header[:_LONGEST_HEADER].rpartition(",")[0]  # half a limit may say something else
    for quota in header.replace(" ", "").split(","):
        text, colon, rest = quota.partition(":")
        try:
            seconds = float(text)
        except ValueError:
            continue
        if not colon or not seconds > 0:
            continue
        categories = rest.partition(":")[0]
        for category in set(categories.split(";")):
            if category in CATEGORIES or categories == EVERYTHING:
                yield category, min(seconds, ceiling)
