"""Say who sends."""

from __future__ import annotations

from typing import ClassVar

from .._version import VERSION
from ..dsn import Dsn
from ..request import Request, Response, Send
from .stage import Context, Stage

_CLIENT = f"raven/{VERSION}"


class Sign(Stage):
    """Add the headers `X-Sentry-Auth` and `User-Agent`. Stands below Queue, so that no key is at rest with the events.

    (Sentry: "foundations/transport/authentication". The time stamp that older clients sent is ignored by servers.)
    """

    role: ClassVar[str] = "sign"
    below: ClassVar[dict[str, str]] = {"queue": "the keys would be at rest with the events"}

    def bind(self, send: Send, context: Context) -> Send:
        signature = auth_header(context.dsn)

        async def sign(request: Request) -> Response:
            request.headers["User-Agent"] = _CLIENT
            request.headers["X-Sentry-Auth"] = signature
            return await send(request)

        return sign


def auth_header(dsn: Dsn) -> str:
    """The value of `X-Sentry-Auth`. The DSN's keys were checked when it was parsed: they can't add a parameter."""
    value = f"Sentry sentry_version=7, sentry_client={_CLIENT}, sentry_key={dsn.public_key.reveal()}"
    return value if dsn.secret_key is None else f"{value}, sentry_secret={dsn.secret_key.reveal()}"
