"""Frame the body as an envelope, the current form."""

from __future__ import annotations

from json import JSONEncoder
from typing import ClassVar

from .._version import VERSION
from ..errors import Unserializable
from ..request import Request, Response, Send
from ..timestamp import timestamp
from .stage import Context, Stage

_ITEM_TYPES = {"error": "event"}
_quoted = JSONEncoder().encode


class Envelope(Stage):
    """Frame the body as an envelope with one item, for the endpoint `/api/{project}/envelope/`.

    Stands below Serialize, whose body it frames, above Compress, and below Queue: it writes `sent_at`, which must be true
    when the request leaves. (Sentry: "foundations/data-model/envelopes".)
    """

    role: ClassVar[str] = "frame"
    needs: ClassVar[dict[str, str]] = {"serialize": "it frames the body that is made there"}
    below: ClassVar[dict[str, str]] = {"queue": "the time of sending that it writes would be the time of queueing"}

    def bind(self, send: Send, context: Context) -> Send:
        async def envelope(request: Request) -> Response:
            if request.body is None:
                raise Unserializable("there is no body to frame")
            request.body = enclose(request, request.body)
            request.headers["Content-Type"] = "application/x-sentry-envelope"
            request.endpoint = "envelope"
            return await send(request)

        return envelope


def enclose(request: Request, body: bytes) -> bytes:
    """The envelope of one item. The item's type is the request's category, but "event" for errors."""
    kind = _ITEM_TYPES.get(request.category, request.category)
    # Servers refuse an event whose id is not in the envelope's own header.
    event_id = f'"event_id": {_quoted(request.id)}, ' if kind == "event" else ""
    header = f'{{{event_id}"sent_at": "{timestamp()}", "sdk": {{"name": "raven", "version": "{VERSION}"}}}}'
    item = f'{{"type": {_quoted(kind)}, "length": {len(body)}}}'
    return b"%b\n%b\n%b\n" % (header.encode(), item.encode(), body)
