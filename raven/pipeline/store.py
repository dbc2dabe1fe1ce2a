"""Send the body as it is, the form that older servers know."""

from __future__ import annotations

from typing import ClassVar

from ..errors import Unserializable
from ..request import Request, Response, Send
from .stage import Context, Stage


class Store(Stage):
    """Send the event's JSON as the whole body, to the endpoint `/api/{project}/store/`. It can carry events only.

    Stands where Envelope would: `stack.replace(Envelope, Store())`.
    """

    role: ClassVar[str] = "frame"
    needs: ClassVar[dict[str, str]] = {"serialize": "it sends the body that is made there"}

    def bind(self, send: Send, context: Context) -> Send:
        async def store(request: Request) -> Response:
            if request.category != "error":
                raise Unserializable(f"the store endpoint takes events only, not a {request.category}")
            request.headers["Content-Type"] = "application/json"
            request.endpoint = "store"
            return await send(request)

        return store
