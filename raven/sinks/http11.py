"""HTTP/1.1 (RFC 9112), as much of it as a client needs that posts and reads short answers. No socket is touched here.

The reading is strict, and bounded in everything: what a server says that is not clearly HTTP is an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ..errors import BadResponse, ConnectionLost
from ..request import Response
from .http import MOST_READ

_LONGEST_HEAD = 65_536
_MOST_HEADERS = 100
_START = b"HTTP/1."
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [^\r\n\0]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)")
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n\0]*)?")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_NOT_HTTP = "the answer is not HTTP"
_CUT = "the connection was lost within the answer"


class Head:
    """What comes before the body of a POST to this host. The last is kept: the next differs in its length alone."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._kept: tuple[str, Mapping[str, str], bytes] = ("", {}, b"")

    def followed_by(self, body: bytes, target: str, headers: Mapping[str, str]) -> bytes:
        """The bytes of a request. Raises ValueError for what would not stay in its line."""
        of, having, start = self._kept
        if of != target or having != headers:
            start = self._start(target, headers)
            self._kept = (target, dict(headers), start)
        return b"%b%d\r\n\r\n%b" % (start, len(body), body)

    def _start(self, target: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"POST {target} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append("Content-Length: ")
        if any(map(_FORBIDDEN.search, lines)):
            raise ValueError("a header has a line break in it")
        return "\r\n".join(lines).encode("latin-1")


class Answer:
    """One answer, read as its bytes come, up to the first `MOST_READ` of its body."""

    begun = False
    """Whether a byte of it has come."""
    reusable = False
    """Whether another request can follow on this connection. Not before the answer is whole."""
    _searched = 0  # so much of the buffer, for the end of a line
    _in_head = True
    _left: int | None = None  # of the body, or of the chunk; None: until the end of the connection
    _chunked = False
    _in_trailer = False
    _keep = False

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head = _Head()
        self._body = bytearray()

    def feed(self, data: bytes) -> Response | None:
        """Take what has come, nothing at all if the connection has ended. The answer, once it is whole.

        Raises `BadResponse` or `ConnectionLost`.
        """
        if self.begun:
            self._buffer += data
        elif data:
            self.begun = True
            response = self._read_at_once(data)
            if response is not None:
                return response
        if self._in_head:
            self._read_head()
        if not self._in_head and self._read_body():
            self.reusable = self._keep and not self._buffer
        elif not data:
            if self._in_head or self._chunked or self._left is not None:
                raise ConnectionLost(_CUT)
        elif len(self._body) <= MOST_READ:
            return None
        return Response(self._head.status, dict(self._head.headers), bytes(self._body[:MOST_READ]))

    def _read_at_once(self, data: bytes) -> Response | None:
        """Read the head, if it is there in one piece, as most are, and then the body, if it is just the rest."""
        end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD) + 4
        head = _read_whole(data[:end]) if end >= 4 else None
        if head is None:
            self._buffer += data
            return None
        if head.length == len(data) - end <= MOST_READ:
            self.reusable = head.keep
            return Response(head.status, dict(head.headers), data[end:])
        self._begin_body(head)
        self._buffer += data[end:]
        return None

    def _read_head(self) -> None:
        while self._in_head:
            head = self._head
            if not head.status and not self._buffer.startswith(_START[: len(self._buffer)]):
                raise BadResponse(_NOT_HTTP)
            line = self._line(head.room)
            if line is None:
                if len(self._buffer) >= head.room:
                    raise BadResponse(f"{_NOT_HTTP}: its head is too long")
                return
            if line:
                head.add(line)
            elif head.status >= 200 or head.status == 101:
                head.end()
                self._begin_body(head)
            else:
                self._head = _Head()

    def _begin_body(self, head: _Head) -> None:
        self._in_head = False
        self._head = head
        self._left, self._chunked, self._keep = head.length, head.chunked, head.keep

    def _read_body(self) -> bool:
        """Whether it is whole."""
        if self._chunked:
            return self._read_chunks()
        self._take()
        return self._left == 0

    def _take(self) -> None:
        """Move what belongs to the body, or to the chunk, from the buffer, and no more of it than we need."""
        some = len(self._buffer) if self._left is None else min(self._left, len(self._buffer))
        self._body += self._buffer[: min(some, MOST_READ + 1 - len(self._body))]
        del self._buffer[:some]
        if self._left is not None:
            self._left -= some

    def _read_chunks(self) -> bool:
        while len(self._body) <= MOST_READ:
            if self._left:
                self._take()
                if self._left:
                    return False
            line = self._line(_LONGEST_HEAD)
            if line is None:
                if len(self._buffer) >= _LONGEST_HEAD:
                    raise ConnectionLost(_CUT)
                return False
            if self._in_trailer:
                if not line:
                    return True
                if not _HEADER.fullmatch(line):
                    raise ConnectionLost(_CUT)
            elif self._left == 0:  # the end of a chunk
                if line:
                    raise ConnectionLost(_CUT)
                self._left = None
            else:
                size = _CHUNK.fullmatch(line)
                if size is None:
                    raise ConnectionLost(_CUT)
                self._left = int(size[1], 16) or None
                self._in_trailer = self._left is None
        return False

    def _line(self, most: int) -> bytes | None:
        """The next line, if it is there and no longer than that. One without a CR keeps its LF, and fits nowhere."""
        end = self._buffer.find(b"\n", self._searched, most)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        self._searched = 0
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line[:-2] if line.endswith(b"\r\n") else line


class _Head:
    """What comes before a body, line by line."""

    room = _LONGEST_HEAD
    version = status = 0
    length: int | None = None  # of the body; None: until the end of the connection, or in chunks
    chunked = False
    keep = False
    _left = _MOST_HEADERS

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def add(self, line: bytes) -> None:
        """Take the next line. Raises `BadResponse` if it doesn't belong here."""
        self.room -= len(line) + 2
        if not self.status:
            first = _STATUS.fullmatch(line)
            if first is None:
                raise BadResponse(_NOT_HTTP)
            self.version, self.status = int(first[1]), int(first[2])
            return
        header = _HEADER.fullmatch(line)
        self._left -= 1
        if header is None or self._left < 0:
            raise BadResponse(f"{_NOT_HTTP}: one of its headers isn't")
        name, value = header[1].decode().lower(), header[2].strip(b" \t").decode("latin-1")
        self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    def end(self) -> None:
        """Settle what follows. Raises `BadResponse` if that can't be told."""
        words = re.split(r"[,\s]+", self.headers.get("connection", "").lower())
        self.keep = "close" not in words and (self.version == 1 or "keep-alive" in words) and self.status != 101
        coding = self.headers.get("transfer-encoding")
        length = self.headers.get("content-length")
        if self.status in (101, 204, 304):
            self.length = 0
        elif coding is not None:
            if coding.lower() != "chunked":
                raise BadResponse(f"{_NOT_HTTP}: its transfer coding is unknown")
            self.chunked = True
            self.keep = self.keep and length is None and self.version == 1  # what else is a sign of smuggling
        elif length is not None:
            first, *others = (each.strip() for each in length.split(","))  # of a repeated header, which is joined
            if not _LENGTH.fullmatch(first) or any(each != first for each in others):
                raise BadResponse(f"{_NOT_HTTP}: its length can't be told")
            self.length = int(first)
        else:
            self.keep = False


@lru_cache(8)  # what a server answers differs in the body, and in the date, which changes once a second
def _read_whole(data: bytes) -> _Head | None:
    """The head that these bytes are, if it is that of the answer itself. It is shared. Raises `BadResponse`."""
    head = _Head()
    for line in data.split(b"\r\n")[:-2]:
        head.add(line)
    if 100 <= head.status < 200:
        return None
    head.end()
    return head
