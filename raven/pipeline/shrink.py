"""Send less of an event that the server finds too large."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from ..request import Request, Response, Send
from .serialize import encode
from .stage import Context, Stage

_TOO_LARGE = 413


class Shrink(Stage):
    """Cut an event to half its size when the server answers 413, and send it once more.

    Stands above Envelope or Store, whose frame is made anew. What is cut, and in which order, is as in Serialize; an event
    that can't be cut to half is cut as far as it can be. If the server still doesn't take it, that is its answer.
    """

    role: ClassVar[str] = "shrink"
    needs: ClassVar[dict[str, str]] = {"serialize": "it cuts the body that is made there"}
    below: ClassVar[dict[str, str]] = {"queue": "it would see no answer"}

    def bind(self, send: Send, context: Context) -> Send:
        async def shrink(request: Request) -> Response:
            body = request.body
            response = await send(request.copy())  # the frame goes into the copy's body
            if response.status == _TOO_LARGE and body is not None:
                smaller = shrunk(body)
                if smaller is not None:
                    request.body = smaller
                    response = await send(request)
            return response

        return shrink


def shrunk(body: bytes) -> bytes | None:
    """The event of this body with less in it, at most half as large if that can be. None if nothing can be cut."""
    try:
        event: Any = json.loads(body)
    except ValueError:  # what a stage of the program's own has made of it
        return None
    if not isinstance(event, dict):
        return None
    smaller = encode(event, len(body) // 2, or_least=True)
    return smaller if len(smaller) < len(body) else None
