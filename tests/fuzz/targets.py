"""What reads what others wrote, each as a function of bytes that raises AssertionError for what must not be."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from raven.dsn import Dsn
from raven.errors import BadResponse, ConnectionLost, EventTooLarge, InvalidDsn
from raven.events.scrub import Scrubber
from raven.pipeline.ratelimit import limits
from raven.pipeline.retry_after import retry_after
from raven.pipeline.serialize import encode
from raven.request import Response
from raven.require import import_optional
from raven.sinks.http import MOST_READ
from raven.sinks.http11 import Answer, Head

CEILING = 3_600.0
SECRET = "Kq7vXw2mZp9tRb4n"
SCRUBBER = Scrubber()

import_optional()  # what encodes and packs in programs that have sent an event


def dsn(data: bytes) -> None:
    """A DSN is refused in words that don't quote it, or can alter nothing that is sent, and is not shown."""
    try:
        parsed = Dsn.parse(data.decode("utf-8", "surrogateescape").replace("KEY", SECRET))
    except InvalidDsn as refused:
        error = refused
    else:
        _check(parsed)
        return
    assert SECRET not in f"{error} {error!r}"
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


def _check(parsed: Dsn) -> None:
    if SECRET.lower() not in f"{parsed.host}{parsed.path}{parsed.project}".lower():
        assert SECRET.lower() not in f"{parsed} {parsed!r}".lower()
    keys = [key.reveal() for key in (parsed.public_key, parsed.secret_key) if key is not None]
    assert all(key.isascii() and key.isprintable() and not set(key) & set(' ,=;"') for key in keys)
    assert 1 <= parsed.port <= 65_535
    sent = Head(parsed.authority).followed_by(b"", parsed.endpoint("envelope"), {"X-Sentry-Auth": ",".join(keys)})
    assert sent.count(b"\r\n") == 5
    assert sent.split(b"\r\n")[0].count(b" ") == 2


def answer(data: bytes) -> None:
    """An answer is read as far as we read answers, or is an error of ours, however its bytes are cut."""
    step = 1 + (data[0] if data else 0) % 64
    whole = _read([data])
    assert _read([data[at : at + step] for at in range(0, len(data), step)]) == whole


def _read(pieces: list[bytes]) -> object:
    reading = Answer()
    try:
        for piece in [*(each for each in pieces if each), b""]:
            got = reading.feed(piece)
            if got is not None:
                assert len(got.body) <= MOST_READ
                assert 200 <= got.status <= 999 or got.status == 101
                assert all(name == name.lower() and "\n" not in name + value for name, value in got.headers.items())
                return got
    except (BadResponse, ConnectionLost) as error:
        return type(error)
    raise AssertionError("the end of the connection is the end of the answer")


def rate_limits(data: bytes) -> None:
    """Whatever the headers say, what comes of it is within bounds."""
    names = ("x-sentry-rate-limits", "retry-after")
    values = data.decode("latin-1").split("\n", 1)
    found = list(limits(Response(429 if len(data) % 2 else 200, dict(zip(names, values, strict=False))), CEILING))
    assert len(found) < 1_000
    assert all(0 <= seconds <= CEILING and category.islower() for category, seconds in found if category)


def pause(data: bytes) -> None:
    """`Retry-After` is a time within bounds, or none."""
    seconds = retry_after(data.decode("latin-1"), CEILING)
    assert seconds is None or (0 <= seconds <= CEILING and not math.isnan(seconds))


def scrubber(data: bytes) -> None:
    """Any text is scrubbed, and does not grow much; a password on a line of its own is hidden, whatever is around it."""
    before, _, after = data.decode("utf-8", "surrogateescape" if len(data) % 2 else "replace").partition("|")
    for code in (False, True):
        text = f"{before}\npassword={SECRET}\n{after}" if not code else before + after
        clean = SCRUBBER.text(text, code)
        assert len(clean) <= 4 * len(text) + 20
        assert code or SECRET not in clean


def serializer(data: bytes) -> None:
    """Any event is JSON within the limit, or too large."""
    rest = bytearray(data)
    event = {"message": "m", "exception": _value(rest, 0), "extra": _value(rest, 0), "contexts": _value(rest, 0)}
    limit = 1_000 + len(data)
    try:
        body = encode(event, limit)
    except EventTooLarge:
        return
    assert len(body) <= limit
    assert isinstance(json.loads(body.decode()), dict)


def _value(rest: bytearray, depth: int) -> Any:
    """A value that these bytes describe."""
    kind = rest.pop(0) if rest else 0
    count = (rest.pop(0) if rest else 0) % 8
    if kind % 12 < 4 and depth < 200:
        inner: Any = [_value(rest, depth + 1) for _ in range(count)]
        if kind % 12 == 0:
            inner.append(inner)  # a cycle
        if kind % 12 == 1:
            return {str(each)[:5] if isinstance(each, str) else "values": each for each in inner}
        return tuple(inner) if kind % 12 == 2 else inner
    taken, rest[:] = bytes(rest[:count]), rest[count:]
    text = taken.decode("utf-16-le", "surrogatepass") if count % 2 == 0 and len(taken) == count else str(taken)
    leaves = (text, text * 100, int.from_bytes(taken, "big") ** 99, float("nan"), math.inf, taken, object(), None)
    return leaves[kind % 12 - 4] if kind % 12 >= 4 else text


Target = Callable[[bytes], None]
TARGETS: dict[str, tuple[Target, tuple[bytes, ...]]] = {
    "dsn": (
        dsn,
        (b"https://KEY:KEY@host:9000/path/1?timeout=5&ca_certs=KEY", b"http://a%2C@[::1]/%2e/1", b"sync+http://a@h/1"),
    ),
    "answer": (
        answer,
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nc\r\n0\r\nT: 1\r\n\r\n",
            b"HTTP/1.0 429 No\r\nRetry-After: 5\r\n\r\n",
        ),
    ),
    "rate_limits": (
        rate_limits,
        (b"60:error;default:organization:reason, 2.5::key\n120", b"1e9:transaction:x,,:", b"\nnan"),
    ),
    "pause": (pause, (b"120", b"2.5", b"Fri, 27 Nov 2026 02:18:15 GMT", b"-1", b"1e400")),
    "scrubber": (
        scrubber,
        (
            b"user:pass@host|Authorization: Bearer abc",
            b"{'password': '|', \"token\": f\"{x}\"}",
            b"-----BEGIN PRIVATE KEY-----|4111 1111 1111 1111",
        ),
    ),
    "serializer": (serializer, (bytes(range(64)), b"\x01\x07" * 40, b"\x03\x01" * 300)),
}
"""Each with some input to begin with."""
