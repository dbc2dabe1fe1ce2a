"""Compress the body."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import ClassVar, Literal

from ..errors import InvalidOption, MissingDependency
from ..options import option
from ..request import Request, Response, Send
from ..require import import_optional, optional
from .stage import Context, Stage

Encoder = Callable[[bytes], bytes]

_HIGHEST_LEVEL = {"gzip": 9, "deflate": 9, "br": 11, "zstd": 22, "none": 0}
_LEVEL = 2
"""Of gzip and deflate, by zlib and by isal. A higher one takes zlib two to five times as long, for a few percent."""
_DEFAULT_LEVEL = {"br": 4, "zstd": 3}
_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_PACKAGE = {"br": "brotli", "zstd": "zstandard"}
_REFUSED = (400, 415)


class Compress(Stage):
    """Compress the body. Stands below Envelope or Store, which make the body, and above Retry, so as to do it once.

    `encoding`: gzip (the default) is the one that every server takes. deflate is zlib's format, as Sentry wants it (some
    servers want the bare one). br and zstd need `pip install "raven[speed]"`, and not every server takes them. When a
    server answers 400 or 415 to one of the three, the body is sent once more with gzip; if it takes that, so is every
    later one. none switches compression off.

    `level` is the encoding's own scale, from 1; none means gzip 2, deflate 2, br 4, zstd 3. With `raven[speed]`, none has
    gzip and deflate done by isal, in half the time. Events come out at most 15 percent larger than with gzip 6, which takes
    two to five times as long.
    A body of less than `compress_above` bytes (default 512) is left alone.
    """

    role: ClassVar[str] = "compress"
    needs: ClassVar[dict[str, str]] = {"serialize": "it compresses the body that is made there"}
    below: ClassVar[dict[str, str]] = {"frame": "the frame is a part of what is compressed"}

    encoding: Literal["gzip", "deflate", "br", "zstd", "none"] = "gzip"
    level: int | None = option(None, minimum=1)
    compress_above: int = option(512, minimum=0, unit="bytes")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.level is not None and self.level > _HIGHEST_LEVEL[self.encoding]:
            highest = _HIGHEST_LEVEL[self.encoding]
            accepted = f"a whole number from 1 to {highest}, or none," if highest else "only none"
            raise InvalidOption(f"level: {accepted} is accepted with encoding={self.encoding}")
        encoder(self.encoding, self.level)  # a package that is missing is better known now

    def bind(self, send: Send, context: Context) -> Send:
        chosen, gzip = encoder(self.encoding, self.level), encoder("gzip", None)
        least = self.compress_above
        refused = False

        async def compress(request: Request) -> Response:
            nonlocal refused
            import_optional()  # for Serialize as well, which stands where nothing can be imported
            plain = request.body
            if plain is None or len(plain) < least or self.encoding == "none":
                return await send(request)
            if self.encoding == "gzip" or refused:
                return await send(_with_body(request, gzip(plain) if refused else chosen(plain), "gzip"))
            response = await send(_with_body(request, chosen(plain), self.encoding))
            if response.status in _REFUSED:
                response = await send(_with_body(request, gzip(plain), "gzip"))
                refused = response.delivered
            return response

        return compress


def _with_body(request: Request, body: bytes, encoding: str) -> Request:
    request.body = body
    request.headers["Content-Encoding"] = encoding
    return request


def encoder(encoding: str, level: int | None) -> Encoder:
    """The function that compresses. Raises `MissingDependency` if its package is not installed."""
    if encoding in _WINDOW:
        window = _WINDOW[encoding]
        if level is None:
            return lambda body: _best(body, window)
        return lambda body: _zlib(body, level, window)
    if encoding == "none":
        return bytes
    try:
        module = importlib.import_module(_PACKAGE[encoding])
    except ImportError:
        raise MissingDependency(_PACKAGE[encoding], f"encoding={encoding}", "speed") from None
    rank = _DEFAULT_LEVEL[encoding] if level is None else level
    if encoding == "br":
        return lambda body: bytes(module.compress(body, quality=rank))
    return lambda body: bytes(module.compress(body, level=rank))


def _best(body: bytes, window: int) -> bytes:
    isal = optional("isal.isal_zlib")
    return _zlib(body, _LEVEL, window) if isal is None else bytes(isal.compress(body, _LEVEL, window))


def _zlib(body: bytes, level: int, window: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, window)
    return compressor.compress(body) + compressor.flush()
