"""Turn the event into bytes."""

from __future__ import annotations

import marshal
import re
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from json import JSONEncoder
from typing import Any, ClassVar

from ..errors import EventTooLarge, Unserializable
from ..events.values import simplify
from ..options import option
from ..request import Request, Response, Send
from ..require import optional
from .stage import Context, Stage


def _of_value(value: object) -> object:
    """What orjson, too, makes of these two."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, getattr(sys.modules.get("uuid"), "UUID", ())):  # who has one has imported it, which is slow
        return str(value)
    raise TypeError


_looking_for_cycles, _not_looking = (
    JSONEncoder(
        ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=check, default=_of_value
    ).encode
    for check in (True, False)
)
_USUAL_LIMIT = 3_000
"""Of recursion. Up to here, a cycle that nobody looks for ends in a RecursionError, and not at the end of C's stack."""

_SHORT = 4
"""The form of marshal's in which what is met again is not written again."""
_NO_NUMBER, _NO_NUMBER_AGAIN = (
    re.compile(first + rb".{6}[\xf0-\xff][\x7f\xff]", re.DOTALL) for first in (b"g", b"\xe7")
)
"""A marshalled NaN or infinity, and one that others have a reference to. (Two patterns that begin with one byte are far
faster than one that begins with either.) A text may look the same, which does no harm."""


class Serialize(Stage):
    """Make the body of the event: UTF-8 JSON. First in a stack.

    It works in the thread of whoever sends, so that what the program does to the event afterwards changes nothing. What
    JSON can't hold is replaced by words that say what it was; no value makes it fail. With `raven[speed]` it is done by
    orjson, with the same result.

    An event over `max_event_size` bytes (default 1 MiB, Sentry's limit for an event before compression) loses its local
    variables, then its breadcrumbs, then its extra data, then the source around its lines, until it fits. One that still
    doesn't is dropped as "invalid".
    """

    role: ClassVar[str] = "serialize"

    max_event_size: int = option(1_048_576, minimum=1_000, unit="bytes")

    def bind(self, send: Send, context: Context) -> Send:
        limit = self.max_event_size

        async def serialize(request: Request) -> Response:
            if request.event is None:
                if request.body is None:
                    raise Unserializable("the request has neither an event nor a body")
                return await send(request)
            request.body = encode(request.event, limit, plain=request.plain)
            request.event = None
            return await send(request)

        return serialize


def encode(event: dict[str, Any], limit: int, *, plain: bool = False, or_least: bool = False) -> bytes:
    """The event as JSON of at most `limit` bytes. The event is left as it is. `plain`: there is no NaN in it.

    Raises `EventTooLarge` if all that may be cut is not enough; with `or_least`, the result is what is left then.
    """
    copy = None
    try:
        body = _encode(event, plain)
    except Exception:
        # NaN, a cycle, a foreign type, a lone surrogate, a dict that changes meanwhile, or a value whose own methods
        # raise whatever they like: rare, so only now pay for a walk.
        copy = _plain(event, limit)
        body = _encode(copy, plain=True)
    if len(body) <= limit:
        return body
    for smaller in _smaller(copy or _plain(event, limit)):
        body = _encode(smaller, plain=True)
        if len(body) <= limit:
            return body
    if or_least:
        return body
    raise EventTooLarge(f"the event has {len(body)} bytes, {limit} are allowed, and nothing more can be cut from it")


def _encode(event: dict[str, Any], plain: bool) -> bytes:
    orjson = optional("orjson")
    if orjson is not None:
        try:
            return _encode_fast(orjson, event, plain)
        except Exception:  # perhaps json can
            pass
    encode = _not_looking if sys.getrecursionlimit() <= _USUAL_LIMIT else _looking_for_cycles
    return encode(event).encode()


def _encode_fast(orjson: Any, event: dict[str, Any], plain: bool) -> bytes:
    """By orjson, if it does as json would: it makes null of a number that JSON has no form for. Raises whatever comes."""
    body: bytes = orjson.dumps(event, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME)
    # To marshal it shows that, in a fraction of the time that json takes.
    if not plain and b"null" in body:
        short = marshal.dumps(event, _SHORT)
        if _NO_NUMBER.search(short) or _NO_NUMBER_AGAIN.search(short):
            raise ValueError("there may be a NaN in it")
    # A copy, for a queue may keep it: orjson's own has up to 5 KiB of memory more than it shows.
    return bytes(memoryview(body))


def _plain(event: dict[str, Any], limit: int) -> Any:
    # A copy, because the program may still change the event itself, from another thread or in a value's `__repr__`.
    return simplify(dict.copy(event), depth=20, breadth=10_000, length=limit)


def _smaller(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same event with less and less in it."""
    for cut in _CUTS:
        event = cut(event)
        yield event


def _without_in_frames(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The event with that left out of each frame, of its exceptions and of its threads."""

    def cut(event: dict[str, Any]) -> dict[str, Any]:
        parts: dict[str, Any] = {part: _stacks_without(event[part], names) for part in _WITH_STACKS if part in event}
        return {**event, **parts}

    return cut


def _stacks_without(part: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(part, dict) or not isinstance(part.get("values"), list):
        return part
    return {**part, "values": [_frames_without(value, names) for value in part["values"]]}


def _frames_without(value: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("stacktrace"), dict):
        return value
    frames = value["stacktrace"].get("frames")
    if not isinstance(frames, list):
        return value
    bare = [
        {name: part for name, part in frame.items() if name not in names} if isinstance(frame, dict) else frame
        for frame in frames
    ]
    return {**value, "stacktrace": {**value["stacktrace"], "frames": bare}}


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda event: {k: v for k, v in event.items() if k != key}


_WITH_STACKS = ("exception", "threads")
_CUTS = (
    _without_in_frames("vars"),
    _without("breadcrumbs"),
    _without("extra"),
    _without_in_frames("pre_context", "post_context"),
)
