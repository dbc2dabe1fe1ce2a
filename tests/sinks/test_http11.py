"""Whatever comes from a server, and however it is cut to pieces, is an answer or an error: always the same, and soon."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from http.client import HTTPResponse
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.errors import BadResponse, ConnectionLost
from raven.request import Response
from raven.sinks import http11
from raven.sinks.http import MOST_READ
from raven.sinks.http11 import Answer, Head

from ..pipeline.helpers import repeatable

LONGEST = 65_536
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Result = Response | type[Exception]


class Reading:
    """What came of some pieces, and at their end of the connection if nothing came of them before."""

    def __init__(self, pieces: Iterable[bytes], *, ends: bool = True) -> None:
        self.answer = Answer()
        self.result: Result | None = None
        self.fed = 0
        for piece in (*pieces, b"") if ends else pieces:
            self.fed += len(piece)
            try:
                self.result = self.answer.feed(piece)
            except (BadResponse, ConnectionLost) as error:
                self.result = type(error)
            if self.result is not None:
                break

    @property
    def reusable(self) -> bool:
        return self.answer.reusable


def read(data: bytes) -> Result | None:
    """What comes of these bytes, and then the end of the connection."""
    return Reading([data]).result


def answered(data: bytes) -> Response:
    """The answer that is whole with these bytes."""
    result = Reading([data], ends=False).result
    assert isinstance(result, Response)
    return result


def is_reusable(data: bytes) -> bool:
    reading = Reading([data], ends=False)
    assert isinstance(reading.result, Response)
    return reading.reusable


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def head(*lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join((status, *lines, "", "")).encode("latin-1")


def test_an_answer_with_a_length() -> None:
    reading = Reading([head("Content-Length: 5", "X-One: 1") + b"hello"], ends=False)
    assert reading.result == Response(200, {"content-length": "5", "x-one": "1"}, b"hello")
    assert isinstance(reading.result, Response)
    assert reading.result.body == b"hello"
    assert reading.reusable


def test_an_answer_in_chunks() -> None:
    data = CHUNKED + b"5\r\nhello\r\n1;name=value\r\n \r\n5 \t\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n"
    assert answered(data).body == b"hello world"
    assert is_reusable(data)
    assert "x-trailer" not in answered(data).headers


def test_an_answer_that_ends_with_its_connection() -> None:
    reading = Reading([OK + b"\r\nhel", b"lo"])
    assert isinstance(reading.result, Response)
    assert reading.result.body == b"hello"
    assert not reading.reusable


def test_nothing_is_an_answer_before_it_is_whole() -> None:
    for data in (head("Content-Length: 5") + b"hello", CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\n\r\n"):
        for size in range(1, len(data)):
            reading = Reading([data[:size]], ends=False)
            assert reading.result is None
            assert not reading.reusable
            assert reading.answer.begun
            assert read(data[:size]) is ConnectionLost


def test_an_answer_begins_with_its_first_byte() -> None:
    answer = Answer()
    with pytest.raises(ConnectionLost):
        answer.feed(b"")
    assert not answer.begun


@pytest.mark.parametrize("piece", [1, 2, 3, 100_000])
def test_answers_before_the_last_are_passed_over(piece: int) -> None:
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\nContent-Length: 5\r\n\r\n" * 3
    data += head("Content-Length: 2", status="HTTP/1.1 201 Created") + b"ok"
    reading = Reading([data[at : at + piece] for at in range(0, len(data), piece)], ends=False)
    assert reading.result == Response(201, {"content-length": "2"}, b"ok")
    assert reading.reusable


def test_every_answer_before_the_last_may_have_a_whole_head() -> None:
    hints = head(f"Link: {'x' * 60_000}", status="HTTP/1.1 103 Early Hints")
    assert answered(hints * 3 + head("Content-Length: 0")).status == 200


def test_a_switch_of_protocols_is_an_answer_after_which_nothing_can_follow() -> None:
    data = head("Connection: upgrade", "Upgrade: websocket", status="HTTP/1.1 101 Switching Protocols")
    assert answered(data).status == 101
    assert not is_reusable(data)


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("line", ["Content-Length: 5", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "A: b"])
def test_what_has_no_body_is_whole_without_one(status: int, line: str) -> None:
    data = head(line, status=f"HTTP/1.1 {status} No")
    assert answered(data).body == b""
    assert is_reusable(data)
    assert answered(data + b"hello").body == b""
    assert not is_reusable(data + b"hello")


def test_what_comes_behind_an_answer_costs_the_connection() -> None:
    for data in (head("Content-Length: 5") + b"hello", CHUNKED + b"0\r\n\r\n"):
        assert is_reusable(data)
        assert not is_reusable(data + b"H")
        assert answered(data + b"H") == answered(data)


@pytest.mark.parametrize(
    ("version", "connection", "reusable"),
    [
        ("1.1", None, True),
        ("1.1", "keep-alive", True),
        ("1.1", "Close", False),
        ("1.1", "keep-alive, close", False),
        ("1.1", "upgrade,close", False),
        ("1.1", "closed", True),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
        ("1.0", "x ,\tkeep-alive", True),
        ("1.0", "keep-alive, close", False),
    ],
)
def test_what_the_server_says_of_the_connection_holds(version: str, connection: str | None, reusable: bool) -> None:
    lines = ["Content-Length: 0"] + ([f"Connection: {connection}"] if connection else [])
    assert is_reusable(head(*lines, status=f"HTTP/{version} 200 OK")) is reusable


def test_connections_of_two_headers_are_one_list() -> None:
    assert not is_reusable(head("Content-Length: 0", "Connection: keep-alive", "Connection: close"))


def test_both_a_length_and_chunks_are_read_as_chunks_on_a_last_connection() -> None:
    for lines in (
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 3"),
    ):
        data = head(*lines) + b"5\r\nhello\r\n0\r\n\r\n"
        assert answered(data).body == b"hello"
        assert not is_reusable(data)


def test_chunks_of_a_version_that_has_none_are_read_on_a_last_connection() -> None:
    data = head("Transfer-Encoding: chunked", "Connection: keep-alive", status="HTTP/1.0 200 OK") + b"0\r\n\r\n"
    assert answered(data).body == b""
    assert not is_reusable(data)


@pytest.mark.parametrize("length", ["5", " 5", "5 ", "\t5\t", "005", "5, 5", "5,5,5"])
def test_a_length_may_be_said_more_than_once(length: str) -> None:
    assert answered(head(f"Content-Length:{length}") + b"hello").body == b"hello"


def test_a_length_may_be_said_in_more_than_one_header() -> None:
    data = head("Content-Length: 5", "content-length: 5") + b"hello"
    assert answered(data).body == b"hello"
    assert is_reusable(data)


@pytest.mark.parametrize(
    "length",
    ["", "-1", "+5", "5.0", "0x5", "5 5", "5, 6", "5,", ",5", "5, 05", "1e3", "9" * 16, "\u00b2", "five", "5;6", "5_0"],
)
def test_a_length_that_cannot_be_told_is_no_http(length: str) -> None:
    assert read(head(f"Content-Length: {length}") + b"hello") is BadResponse


def test_a_length_that_never_comes_is_waited_for() -> None:
    reading = Reading([head(f"Content-Length: {'9' * 15}") + b"hello"], ends=False)
    assert reading.result is None
    assert read(head(f"Content-Length: {'9' * 15}") + b"hello") is ConnectionLost


@pytest.mark.parametrize(
    "coding",
    [
        "gzip",
        "chunked, chunked",
        "gzip, chunked",
        "chunked, gzip",
        "identity",
        "",
        "xchunked",
        "chunked;a",
        "\x0bchunked",
    ],
)
def test_another_transfer_coding_is_no_http(coding: str) -> None:
    assert read(head(f"Transfer-Encoding: {coding}") + b"0\r\n\r\n") is BadResponse


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED", " chunked\t"])
def test_chunks_are_known_by_their_name(coding: str) -> None:
    assert answered(head(f"Transfer-Encoding: {coding}") + b"0\r\n\r\n").body == b""


def test_two_headers_of_transfer_codings_are_one_list() -> None:
    assert read(head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"0\r\n\r\n") is BadResponse


@pytest.mark.parametrize("size", ["2", "02", "00000002", "2;", "2;a", '2;a="b;c"', "2 ;a", "2\t ", "2;\x80"])
def test_forms_of_a_chunk_size(size: str) -> None:
    data = CHUNKED + size.encode("latin-1") + b"\r\nok\r\n0\r\n\r\n"
    assert answered(data).body == b"ok"
    assert is_reusable(data)


@pytest.mark.parametrize(
    "size",
    [
        "",
        " 2",
        "-2",
        "+2",
        "0x2",
        "2_0",
        "2,2",
        "2 2",
        "g",
        "2\r",
        "2\n",
        "2\0",
        "2;\0",
        "2;\r",
        "\u00b2",
        "0" * 13,
        "2\v",
    ],
)
def test_what_is_no_chunk_size_ends_the_answer(size: str) -> None:
    data = CHUNKED + size.encode("latin-1") + b"\r\nok\r\n0\r\n\r\n"
    for pieces in ([data], bytewise(data)):
        assert Reading(pieces, ends=False).result is ConnectionLost


@pytest.mark.parametrize(
    "body",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhello!\r\n0\r\n\r\n",
        b"5\r\nhello\r\n\r\n0\r\n\r\n",
        b"0\r\n\n",
        b"0\r\nA: b\n\r\n",
        b"0\r\nno trailer\r\n\r\n",
        b"0\r\n A: b\r\n\r\n",
        b"0\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_chunks_that_are_not_clear_end_the_answer(body: bytes) -> None:
    assert Reading([CHUNKED + body], ends=False).result is ConnectionLost


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n" + head("Content-Length: 0"),
        b"\n",
        b" HTTP/1.1 200 OK",
        b"http/1.1",
        b"HTTP/1.2 200 OK\r\n",
        b"HTTP/2 200\r\n",
        b"HTTP/1.1  200 OK\r\n",
        b"HTTP/1.1\t200 OK\r\n",
        b"HTTP/1.1 20 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"HTTP/1.1 099 OK\r\n",
        b"HTTP/1.1 000 OK\r\n",
        b"HTTP/1.1 -20 OK\r\n",
        b"HTTP/1.1 200\tOK\r\n",
        b"HTTP/1.1 200 O\0K\r\n",
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1 200 OK\r\r\n",
        b"HTTP/1.1 200 O\rK\r\n",
        OK + b"Content-Length: 0\n",
        OK + b"\n",
        OK + b"no colon\r\n",
        OK + b": nothing\r\n",
        OK + b"Space : a\r\n",
        OK + b" Folded: a\r\n",
        OK + b"A: b\r\n folded\r\n",
        OK + b"A: b\r\n\tfolded\r\n",
        OK + b"A: b\0c\r\n",
        OK + b"A: b\rc\r\n",
        OK + b"A\0: b\r\n",
        OK + b"A\xe9: b\r\n",
        OK + b"A b: c\r\n",
        OK + b"(A): b\r\n",
        OK + b"A: b\r\r\n",
        OK + b"A: b\r\n" * 101,
        OK + b"A: " + b"b" * LONGEST,
        b"HTTP/1.1 200 " + b"O" * LONGEST,
    ],
)
def test_what_is_not_clear_is_no_http_as_soon_as_it_can_be_known(data: bytes) -> None:
    for pieces in ([data], bytewise(data), [data + b"\r\n\r\n"]):
        assert Reading(pieces, ends=False).result is BadResponse


@pytest.mark.parametrize("status", ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 \xff ", "HTTP/1.1 999 What"])
def test_forms_of_the_first_line(status: str) -> None:
    assert answered(head("Content-Length: 0", status=status)).status == int(status[9:12])


def test_headers() -> None:
    given = answered(
        head("Content-Length:0", "Empty:", "A:  b c \t", "a: d", "Latin: \xe9\x80", "!#$%&'*+.^_`|~-9: ok", "X: a:b")
    )
    assert given.headers == {
        "content-length": "0",
        "empty": "",
        "a": "b c, d",
        "latin": "\xe9\x80",
        "!#$%&'*+.^_`|~-9": "ok",
        "x": "a:b",
    }


def test_the_bounds_of_a_head_are_exact_however_it_comes() -> None:
    most = head("Content-Length: 0", *[f"A: {n}" for n in range(99)])
    assert len(answered(most).headers) == 2
    assert read(head("Content-Length: 0", *[f"A: {n}" for n in range(100)])) is BadResponse
    for excess in range(-5, 5):
        data = head("Content-Length: 0", "A: ")
        data = head("Content-Length: 0", f"A: {'x' * (LONGEST - len(data) + excess)}")
        assert len(data) == LONGEST + excess
        results = {
            Reading([data[:cut], data[cut:]], ends=False).result is BadResponse
            for cut in range(LONGEST - 10, len(data))
        }
        assert results == {excess > 0}


def test_the_bounds_of_a_line_of_chunks_are_exact_however_it_comes() -> None:
    for excess in range(-5, 5):
        line = b"0;" + b"x" * (LONGEST - 4 + excess) + b"\r\n"
        assert len(line) == LONGEST + excess
        data = CHUNKED + line + b"\r\n"
        results = {
            Reading([data[:cut], data[cut:]], ends=False).result is ConnectionLost
            for cut in (10, *range(len(CHUNKED) + LONGEST - 10, len(data)))
        }
        assert results == {excess > 0}


@pytest.mark.parametrize("size", [MOST_READ - 1, MOST_READ, MOST_READ + 1, MOST_READ * 3])
def test_of_a_long_body_the_first_part_is_read(size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    pieces = [body[at : at + 1_000] for at in range(0, size, 1_000)]
    for data in (
        [head(f"Content-Length: {size}"), *pieces],
        [CHUNKED, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n"],
        [OK + b"\r\n", *pieces],
    ):
        reading = Reading(data)
        assert isinstance(reading.result, Response)
        assert reading.result.body == body[:MOST_READ]
        assert reading.fed <= MOST_READ + 2_000
        assert not (reading.reusable and size > MOST_READ + 1)  # one byte more is read, to see that there is one


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """What servers say, and what they'd better not say."""
    tokens = st.sampled_from(["A", "b", "Content-Length", "Transfer-Encoding", "Connection", "X-Y", "Set-Cookie"])
    values = st.sampled_from(["0", "3", "5", "5, 5", "chunked", "close", "keep-alive", "gzip", "", "\xe9", "a b"])
    lines = [f"{draw(tokens)}:{draw(values)}" for _ in range(draw(st.integers(0, 4)))]
    before = head(status="HTTP/1.1 100 Continue") * draw(st.integers(0, 2))
    first = draw(
        st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 204 No", "HTTP/1.1 429 ", "HTTP/1.1 101 S"])
    )
    chunks = [
        b"%x%s\r\n%s\r\n" % (len(data), draw(st.sampled_from([b"", b";a=b", b" "])), data)
        for data in draw(st.lists(st.binary(min_size=1, max_size=6), max_size=3))
    ]
    bodies = st.one_of(
        st.binary(max_size=12),
        st.just(b"".join(chunks) + b"0\r\n" + draw(st.sampled_from([b"", b"T: 1\r\n"])) + b"\r\n"),
    )
    data = bytearray(before + head(*lines, status=first) + draw(bodies))
    for _ in range(draw(st.integers(0, 2))):  # and a fault or two
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 2))] = draw(
            st.sampled_from([b"", b"\n", b"\r", b"\0", b" ", b"\r\n", b"0", b":"])
        )
    return bytes(data)


@st.composite
def cut(draw: st.DrawFn, data: st.SearchStrategy[bytes]) -> tuple[bytes, list[bytes]]:
    whole = draw(data)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=6)))
    ends = [*cuts, len(whole)]
    return whole, [piece for begin, end in zip([0, *cuts], ends, strict=True) if (piece := whole[begin:end])]


@given(cut(answers()))
@repeatable
def test_however_the_bytes_are_cut_the_result_is_the_same(case: tuple[bytes, list[bytes]]) -> None:
    whole, pieces = case
    readings = [Reading([whole]), Reading(pieces), Reading(bytewise(whole))]
    results = {repr((reading.result, getattr(reading.result, "body", None))) for reading in readings}
    assert len(results) == 1
    # What comes behind an answer may not be there yet when that is whole. What is reusable all at once is so in pieces.
    assert readings[2].reusable >= readings[1].reusable >= readings[0].reusable


@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=100).map(lambda rest: OK + rest),
        st.binary(max_size=60).map(lambda rest: CHUNKED + rest),
    )
)
@repeatable
def test_any_bytes_are_an_answer_or_an_error(data: bytes) -> None:
    for reading in (Reading([data]), Reading(bytewise(data))):
        assert isinstance(reading.result, Response) or reading.result in (BadResponse, ConnectionLost)


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def by_the_standard_library(data: bytes) -> tuple[int, list[tuple[str, str]], bytes, bool]:
    response = HTTPResponse(_Socket(data), method="POST")  # type: ignore[arg-type]
    response.begin()
    body = response.read()
    headers = [(name.lower(), value.strip(" \t")) for name, value in response.getheaders()]
    return response.status, headers, body, response.will_close


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True).map(lambda name: f"X-{name}")
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=10)
BODIES = st.lists(st.binary(min_size=1, max_size=40), max_size=4)


@given(
    status=st.integers(200, 599),
    version=st.sampled_from(["1.0", "1.1"]),
    headers=st.dictionaries(NAMES.map(str.lower), VALUES, max_size=5),
    connection=st.sampled_from([None, "close", "keep-alive"]),
    parts=BODIES,
    framing=st.sampled_from(["length", "chunked", "end"]),
)
@repeatable
def test_what_is_well_formed_is_read_as_the_standard_library_does(
    status: int, version: str, headers: dict[str, str], connection: str | None, parts: Sequence[bytes], framing: str
) -> None:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    body = b"".join(parts)
    if connection is not None:
        lines.append(f"Connection: {connection}")
    if status in (204, 304):
        body = b""
    elif framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked" and version == "1.1":
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
    data = head(*lines, status=f"HTTP/{version} {status} Some Reason") + body
    reading = Reading([data])
    assert isinstance(reading.result, Response)
    expected_status, expected_headers, expected_body, will_close = by_the_standard_library(data)
    assert reading.result.status == expected_status
    assert list(reading.result.headers.items()) == expected_headers
    assert reading.result.body == expected_body
    assert reading.reusable is not will_close


ENDLESS = {
    "a first line": (b"HTTP/1.1 200 ", b"x"),
    "a header": (OK + b"A: ", b"x"),
    "blanks in a header": (OK + b"A:", b" "),
    "a name": (OK, b"x"),
    "headers": (OK, b"A: b\r\n"),
    "colons": (OK + b"A", b":"),
    "CRs": (OK + b"A: b", b"\r"),
    "lists": (OK + b"Content-Length: 0", b",0"),
    "a chunk's extension": (CHUNKED + b"1;", b" "),
    "a chunk's blanks": (CHUNKED + b"1", b" "),
    "a chunk's digits": (CHUNKED, b"0"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "a trailer": (CHUNKED + b"0\r\nA:", b" "),
    "trailers": (CHUNKED + b"0\r\n", b"A: b\r\n"),
    "answers before the last": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (head(f"Content-Length: {10**14}"), b"x"),
    "a body without end": (OK + b"\r\n", b"x"),
    "a chunk": (CHUNKED + b"ffffffffff\r\n", b"x"),
    "lines": (b"HTTP/1.1 200 OK", b"\r\n"),
}


class Counted(bytearray):
    """Counts the bytes that are looked at or copied."""

    work = 0

    def find(self, sub: Any, start: Any = 0, end: Any = None) -> int:
        found = super().find(sub, start, len(self) if end is None else end)
        Counted.work += (found if found >= 0 else len(self)) - start + 1
        return found

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        Counted.work += len(part)
        return part


@pytest.mark.parametrize("piece", [1, 1_460, 10_000_000])
@pytest.mark.parametrize("nasty", ENDLESS.values(), ids=ENDLESS)
def test_the_work_and_the_memory_grow_no_faster_than_what_comes(nasty: tuple[bytes, bytes], piece: int) -> None:
    start, more = nasty
    size = 100_000 if piece == 1 else 3_000_000
    data = start + more * (size // len(more))
    answer = Answer()
    answer._buffer = Counted()
    Counted.work = 0
    fed = 0
    try:
        for at in range(0, len(data), piece):
            fed += len(data[at : at + piece])
            if answer.feed(data[at : at + piece]) is not None:
                break
            assert len(answer._buffer) <= LONGEST + piece
            assert len(answer._body) <= MOST_READ + 1
    except (BadResponse, ConnectionLost):
        pass
    assert Counted.work <= 6 * fed + 1_000


def test_no_pattern_takes_more_than_linear_time() -> None:
    """Each is tried on what its parts could share, and must not take ten times as long for twice as much."""

    def seconds(pattern: re.Pattern[Any], text: Any) -> float:
        return min(timed(lambda: pattern.fullmatch(text)) for _ in range(3))

    for name, text in {
        "_STATUS": b"HTTP/1.1 200 ",
        "_HEADER": b"A" * 20,
        "_CHUNK": b"1" * 12,
        "_LENGTH": "1",
    }.items():
        pattern = getattr(http11, name)
        for filler in (b" ", b"\t", b";", b":", b"1", b"a"):
            filled: Any = filler if isinstance(text, bytes) else filler.decode()
            end: Any = b"\r" if isinstance(text, bytes) else "\r"
            short, long = (seconds(pattern, text + filled * size + end) for size in (50_000, 400_000))
            assert long < 30 * short + 0.001, name


def timed(call: Callable[[], object]) -> float:
    began = process_time()
    call()
    return process_time() - began


def test_an_endless_answer_is_not_kept_in_memory() -> None:
    piece = b"x" * 65_536
    for start in (head(f"Content-Length: {10**14}"), CHUNKED + b"ffffffffff\r\n", OK + b"\r\n"):
        answer = Answer()
        answer.feed(start)
        answer.feed(piece)
        tracemalloc.start()
        assert isinstance(answer.feed(piece * 100), Response)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept < 4 * MOST_READ


def test_where_an_answer_is_cut_in_two_changes_nothing() -> None:
    data = head("Content-Length: 5", "A: b", "Connection: keep-alive") + b"hello"
    for cut in range(1, len(data)):
        reading = Reading([data[:cut], data[cut:]], ends=False)
        assert (reading.result, reading.reusable) == (answered(data), True)


def test_the_same_head_again_is_another_answer() -> None:
    data = head("Content-Length: 2", "X-One: 1")
    first = answered(data + b"ab")
    assert isinstance(first.headers, dict)
    first.headers["x-one"] = "2"
    assert answered(data + b"cd") == Response(200, {"content-length": "2", "x-one": "1"}, b"cd")


def test_a_request() -> None:
    head = Head("sentry.example:9000")
    sent = head.followed_by(b"body\r\n\0", "/api/1/envelope/", {"X-A": "b", "Latin": "\xe9"})
    assert sent == (
        b"POST /api/1/envelope/ HTTP/1.1\r\nHost: sentry.example:9000\r\nX-A: b\r\nLatin: \xe9\r\n"
        b"Content-Length: 7\r\n\r\nbody\r\n\0"
    )


def test_each_request_has_its_own_head() -> None:
    given: list[tuple[str, dict[str, str], bytes]] = [
        ("/", {}, b""),
        ("/", {}, b"body"),
        ("/", {"A": "b"}, b"body"),
        ("/", {"A": "c"}, b"body"),
        ("/c", {"A": "c"}, b""),
        ("/", {"A": "c"}, b"%d"),
    ]
    head = Head("a")
    for target, headers, body in given * 2:
        assert head.followed_by(body, target, headers) == Head("a").followed_by(body, target, headers)


def test_what_becomes_of_the_headers_afterwards_changes_no_head() -> None:
    head, headers = Head("a"), {"A": "b"}
    first = head.followed_by(b"", "/", headers)
    headers["A"] = "c"
    assert head.followed_by(b"", "/", headers) == first.replace(b"A: b", b"A: c")


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\n", "\u20ac", "\u010a", "\ud800"])
@pytest.mark.parametrize("part", ["target", "host", "name", "value"])
def test_a_request_does_not_take_what_would_not_stay_in_its_line(part: str, bad: str) -> None:
    parts = dict.fromkeys(("target", "host", "name", "value"), "a") | {part: f"a{bad}b"}
    head = Head(parts["host"])
    for _ in range(2):
        with pytest.raises(ValueError, match=r"line break|latin-1"):
            head.followed_by(b"", parts["target"], {parts["name"]: parts["value"]})
