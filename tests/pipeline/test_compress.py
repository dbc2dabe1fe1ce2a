"""Compress packs what is worth it, and falls back to what every server takes."""

from __future__ import annotations

import gzip
import json
import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import brotli
import pytest
import zstandard
from isal import isal_zlib

from raven.errors import ConnectError, InvalidOption, MissingDependency, SendError
from raven.pipeline import Compress
from raven.pipeline import compress as compress_module
from raven.pipeline.compress import encoder
from raven.require import import_optional
from raven.testing import StageDriver
from raven.testing.scripted import Answer

Encoding = Literal["gzip", "deflate", "br", "zstd", "none"]
WORDS = "error message timeout in view order user none key value row line frame module " * 3
RANDOM = random.Random(1)
BODY = " ".join(RANDOM.choice(WORDS.split()) + RANDOM.choice(("", "s", "ed")) for _ in range(2_000)).encode()

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: bytes(zstandard.ZstdDecompressor().decompress(body)),
}
LEVELS: list[tuple[Encoding, int]] = [("gzip", 9), ("deflate", 9), ("br", 11), ("zstd", 22)]
GOLDEN = sorted((Path(__file__).parent.parent / "corpus" / "golden").glob("*.json"))
ENCODINGS: list[Encoding] = ["gzip", "deflate", "br", "zstd"]
RICHER: list[Encoding] = ["deflate", "br", "zstd"]


@pytest.fixture(autouse=True, params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test is done with isal, and as if it were not installed."""
    name: str = request.param
    import_optional()
    if name == "zlib":
        monkeypatch.setattr(compress_module, "optional", lambda module: None)
    return name


def sent(compress: Compress, answers: list[Answer] | None = None, *, times: int = 1) -> list[tuple[str | None, bytes]]:
    """The encoding and the body of everything that comes out when the body is sent so many times."""
    driver = StageDriver(compress, answers or [200])
    for _ in range(times):
        driver.send(body=BODY)
    return [(request.headers.get("Content-Encoding"), request.body or b"") for request in driver.received]


def encodings(compress: Compress, answers: list[Answer], *, times: int = 1) -> list[str | None]:
    return [encoding for encoding, _ in sent(compress, answers, times=times)]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_can_be_read_again(encoding: Encoding) -> None:
    ((name, body),) = sent(Compress(encoding=encoding))
    assert name == encoding
    assert len(body) < len(BODY) / 3
    assert DECODERS[encoding](body) == BODY


def deflated(level: int, window: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, window)
    return compressor.compress(BODY) + compressor.flush()


REFERENCE: dict[str, Callable[[int], bytes]] = {
    "gzip": lambda level: deflated(level, 31),
    "deflate": lambda level: deflated(level, 15),
    "br": lambda level: brotli.compress(BODY, quality=level),
    "zstd": lambda level: zstandard.compress(BODY, level=level),
}


@pytest.mark.parametrize(
    ("encoding", "level", "used"),
    [
        ("br", None, 4),
        ("zstd", None, 3),
        *[(encoding, level, level) for encoding, highest in LEVELS for level in (1, highest)],
    ],
)
def test_the_level_is_the_encodings_own(encoding: Encoding, level: int | None, used: int) -> None:
    assert sent(Compress(encoding=encoding, level=level)) == [(encoding, REFERENCE[encoding](used))]


@pytest.mark.parametrize(("encoding", "window"), [("gzip", 31), ("deflate", 15)])
def test_without_a_level_it_is_the_fastest_that_is_installed(encoding: Encoding, window: int, library: str) -> None:
    expected = isal_zlib.compress(BODY, 2, window) if library == "isal" else REFERENCE[encoding](2)
    assert sent(Compress(encoding=encoding)) == [(encoding, expected)]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_events_are_at_most_15_percent_larger_than_with_gzip_6(encoding: Encoding) -> None:
    compress = encoder(encoding, None)
    events = [json.dumps(json.loads(path.read_text()), separators=(",", ":")).encode() for path in GOLDEN]
    assert len(events) > 50
    for event in events:
        packed = compress(event)
        assert DECODERS[encoding](packed) == event
        assert len(packed) <= 1.15 * len(encoder(encoding, 6)(event))


@pytest.mark.parametrize(("encoding", "highest"), LEVELS)
def test_a_level_beyond_the_scale_is_refused(encoding: Encoding, highest: int) -> None:
    with pytest.raises(InvalidOption, match=rf"^level: .* from 1 to {highest}, or none, is accepted .*{encoding}$"):
        Compress(encoding=encoding, level=highest + 1)
    with pytest.raises(InvalidOption, match=r"^level: .* at least 1, or none is accepted$"):
        Compress(encoding=encoding, level=0)


def test_an_encoding_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidOption, match=r"^encoding: one of gzip, deflate, br, zstd, none is accepted$"):
        Compress().with_options({"encoding": "lzma"})


@pytest.mark.parametrize(("size", "encoding"), [(511, None), (512, "gzip")])
def test_a_small_body_is_left_alone(size: int, encoding: str | None) -> None:
    driver = StageDriver(Compress())
    driver.send(body=b"x" * size)
    (request,) = driver.received
    assert request.headers.get("Content-Encoding") == encoding
    assert (request.body == b"x" * size) == (encoding is None)


def test_the_bound_can_be_set() -> None:
    driver = StageDriver(Compress(compress_above=0))
    driver.send(body=b"")
    assert gzip.decompress(driver.received[0].body or b"") == b""
    with pytest.raises(InvalidOption, match=r"^compress_above: a whole number of bytes that is at least 0"):
        Compress(compress_above=-1)


def test_none_switches_it_off() -> None:
    assert sent(Compress(encoding="none")) == [(None, BODY)]


def test_none_has_no_level() -> None:
    with pytest.raises(InvalidOption, match=r"^level: only none is accepted with encoding=none$"):
        Compress(encoding="none", level=1)


def test_neighbouring_levels_differ_so_that_these_tests_can_tell() -> None:
    for encoding, default in (("gzip", 2), ("deflate", 2), ("br", 4), ("zstd", 3)):
        assert len({REFERENCE[encoding](level) for level in (default - 1, default, default + 1)}) == 3


def test_a_request_without_a_body_passes() -> None:
    driver = StageDriver(Compress(compress_above=0))
    driver.send()
    assert driver.received[0].body is None
    assert driver.received[0].headers == {}


@pytest.mark.parametrize(("encoding", "package"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_missing_package_is_named_with_the_extra_that_has_it(
    encoding: Encoding, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency) as raised:
        Compress(encoding=encoding)
    assert f"encoding={encoding}" in str(raised.value)
    assert package in str(raised.value)
    assert 'pip install "raven[speed]"' in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("status", [400, 415])
@pytest.mark.parametrize("encoding", RICHER)
def test_an_encoding_that_is_refused_is_replaced_by_gzip_at_once_and_for_good(encoding: Encoding, status: int) -> None:
    out = sent(Compress(encoding=encoding, level=1), [status, 200], times=3)
    assert [name for name, _ in out] == [encoding, "gzip", "gzip", "gzip"]
    assert out[1] == out[2] == ("gzip", encoder("gzip", None)(BODY))


def test_the_answer_to_the_replacement_is_what_counts() -> None:
    driver = StageDriver(Compress(encoding="br"), [400, 201])
    assert driver.send(body=BODY).status == 201


@pytest.mark.parametrize("second", [400, 415, 503, 301])
def test_a_body_that_is_refused_with_gzip_too_says_nothing_about_the_encoding(second: int) -> None:
    assert encodings(Compress(encoding="br"), [400, second, 200], times=2) == ["br", "gzip", "br"]


def test_a_replacement_that_fails_is_not_remembered() -> None:
    driver = StageDriver(Compress(encoding="zstd"), [415, ConnectError("refused"), 200])
    with pytest.raises(ConnectError):
        driver.send(body=BODY)
    driver.send(body=BODY)
    assert [request.headers["Content-Encoding"] for request in driver.received] == ["zstd", "gzip", "zstd"]


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 413, 414, 416, 429, 500, 503])
def test_other_answers_are_not_the_encodings_fault(status: int) -> None:
    assert encodings(Compress(encoding="br"), [status], times=2) == ["br", "br"]


@pytest.mark.parametrize("status", [400, 415])
@pytest.mark.parametrize("encoding", ["gzip", "none"])
def test_there_is_nothing_to_fall_back_to_from_gzip_or_none(encoding: Encoding, status: int) -> None:
    assert encodings(Compress(encoding=encoding), [status, 200]) == [None if encoding == "none" else "gzip"]


def test_each_binding_remembers_for_itself() -> None:
    compress = Compress(encoding="br")
    assert encodings(compress, [400, 200], times=2) == ["br", "gzip", "gzip"]
    assert encodings(compress, [200]) == ["br"]


def test_an_error_from_below_passes() -> None:
    failure: Any = SendError("no")
    driver = StageDriver(Compress(encoding="br"), [failure])
    with pytest.raises(SendError) as raised:
        driver.send(body=BODY)
    assert raised.value is failure
