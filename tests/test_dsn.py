"""What is a DSN, what is not, and that no error tells it."""

from __future__ import annotations

import copy
import pickle
import re
import traceback
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.dsn import Dsn
from raven.errors import ConfigurationError, InvalidDsn
from raven.pipeline.sign import Sign
from raven.request import Request
from raven.secret import Secret
from raven.testing import StageDriver

VISIBLE = re.compile(r"[\x21-\x7e]+")


def test_all_its_parts() -> None:
    dsn = Dsn.parse("https://pub:sec@sentry.example:9000/some/prefix/42?timeout=5&verify_ssl=0")
    assert dsn == Dsn(
        "https",
        Secret("pub"),
        Secret("sec"),
        "sentry.example",
        9000,
        "/some/prefix",
        "42",
        {"timeout": "5", "verify_ssl": "0"},
    )
    assert dsn.origin == "https://sentry.example:9000"
    assert dsn.endpoint("envelope") == "/some/prefix/api/42/envelope/"


@pytest.mark.parametrize(
    ("text", "origin", "store"),
    [
        ("http://pub@h/1", "http://h", "/api/1/store/"),
        ("http://pub@h:80/1", "http://h", "/api/1/store/"),
        ("https://pub@h:443/1", "https://h", "/api/1/store/"),
        ("http://pub@h:443/1", "http://h:443", "/api/1/store/"),
        ("https://pub@h:80/1", "https://h:80", "/api/1/store/"),
        ("http://pub@h:00080/1", "http://h", "/api/1/store/"),
        ("http://pub@[::1]:9000/1", "http://[::1]:9000", "/api/1/store/"),
        ("http://pub@[::1]/1", "http://[::1]", "/api/1/store/"),
        ("https://pub@[2001:DB8::Ff]:443/p/1", "https://[2001:db8::ff]", "/p/api/1/store/"),
        ("https://pub@127.0.0.1/1", "https://127.0.0.1", "/api/1/store/"),
        ("http://pub@h/path/prefix/42", "http://h", "/path/prefix/api/42/store/"),
        ("http://pub@h/pre%20fix/42", "http://h", "/pre%20fix/api/42/store/"),
        ("http://pub@h/abc", "http://h", "/api/abc/store/"),
        ("http://pub@h/007", "http://h", "/api/007/store/"),
        ("http://pub@h/a.b_c~d-e", "http://h", "/api/a.b_c~d-e/store/"),
        ("  HTTPS://pub@SENTRY.Example/1\n", "https://sentry.example", "/api/1/store/"),
        ("http://pub@h_x.example./1", "http://h_x.example.", "/api/1/store/"),
    ],
)
def test_where_it_leads(text: str, origin: str, store: str) -> None:
    dsn = Dsn.parse(text)
    assert (dsn.origin, dsn.endpoint("store")) == (origin, store)


@pytest.mark.parametrize(
    ("text", "public", "secret"),
    [
        ("http://pub@h/1", "pub", None),
        ("http://pub:sec@h/1", "pub", "sec"),
        ("http://pub:@h/1", "pub", None),
        ("http://p%40ub:s%3Aec@h/1", "p@ub", "s:ec"),
        ("http://pub:sec:ond@h/1", "pub", "sec:ond"),
        ("http://p%2525@h/1", "p%25", None),
        ("http://PUB@h/1", "PUB", None),
        ("http://p+b@h/1", "p+b", None),
    ],
)
def test_keys_are_decoded_once(text: str, public: str, secret: str | None) -> None:
    dsn = Dsn.parse(text)
    assert dsn.public_key.reveal() == public
    assert (dsn.secret_key.reveal() if dsn.secret_key else None) == secret


@pytest.mark.parametrize(
    "prefix",
    ["sync", "threaded", "requests", "threaded+requests", "gevent", "eventlet", "tornado", "twisted"],
)
def test_a_scheme_can_name_a_transport(prefix: str) -> None:
    dsn = Dsn.parse(f"{prefix}+https://pub@h/1")
    assert (dsn.transport, dsn.scheme, dsn.port) == (prefix, "https", 443)
    assert Dsn.parse("https://pub@h/1").transport is None


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("?", {}),
        ("?timeout=5", {"timeout": "5"}),
        ("?a=", {"a": ""}),
        ("?ca_certs=%2Fetc%2Fmy+ca.pem", {"ca_certs": "/etc/my ca.pem"}),
        ("?ca_certs=/etc/ca=1.pem", {"ca_certs": "/etc/ca=1.pem"}),
        ("?a=%C3%A9", {"a": "é"}),
        ("?_a1=1&B=2", {"_a1": "1", "B": "2"}),
    ],
)
def test_options_are_text(query: str, options: dict[str, str]) -> None:
    assert Dsn.parse(f"http://pub@h/1{query}").options == options


MALFORMED: list[tuple[str, str]] = [
    ("", "it is empty"),
    (" \t\n", "it is empty"),
    ("hiddenkey", "it must start with http:// or https://"),
    ("//hiddenkey@hiddenhost/hiddenpath/1", "it must start with"),
    ("ftp://hiddenkey@hiddenhost/hiddenpath/1", "it must start with"),
    ("nosuch+https://hiddenkey@hiddenhost/hiddenpath/1", "the transport named before its scheme is none of"),
    ("+https://hiddenkey@hiddenhost/hiddenpath/1", "it must start with|the transport named"),
    ("https://hiddenhost/hiddenpath/1", "the public key is missing"),
    ("https://@hiddenhost/hiddenpath/1", "the public key is missing"),
    ("https://:hiddenkey@hiddenhost/hiddenpath/1", "the public key is missing"),
    ("https://hiddenkey@b@hiddenhost/hiddenpath/1", "it has more than one @"),
    ("https://hiddenkey@/hiddenpath/1", "the host is missing"),
    ("https://hiddenkey@:80/hiddenpath/1", "the host is missing"),
    ("https://hiddenkey@hiddenhost:99999/hiddenpath/1", "the port is not a number from 1 to 65535"),
    ("https://hiddenkey@hiddenhost:0/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hiddenhost:abc/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hiddenhost:/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hiddenhost:-1/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hiddenhost:+80/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hiddenhost:8_0/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hidden host/hiddenpath/1", "it has blanks, control characters"),
    ("https://hiddenkey@hidden\thost/hiddenpath/1", "it has blanks, control characters"),
    ("https://hiddenkey@hiddenh\u00f6st/hiddenpath/1", "it has blanks, control characters"),
    ("https://hidden\ud800key@hiddenhost/hiddenpath/1", "it has blanks, control characters"),
    ("https://hiddenkey@hidden\r\nhost/hiddenpath/1", "it has blanks, control characters"),
    ("https://hiddenkey@hidden,host/hiddenpath/1", "the host is not a valid name or address"),
    ("https://hiddenkey@hidden%41host/hiddenpath/1", "the host is not a valid name or address"),
    ("https://hiddenkey@-hiddenhost/hiddenpath/1", "the host is not a valid name or address"),
    ("https://hiddenkey@hiddenhost-/hiddenpath/1", "the host is not a valid name or address"),
    ("https://hiddenkey@hidden..host/hiddenpath/1", "the host is not a valid name or address"),
    ("https://hiddenkey@" + "hiddenhost." * 24 + "/hiddenpath/1", "the host is not a valid name or address"),
    ("https://hiddenkey@::1:9000/hiddenpath/1", "the host is|the port is not"),
    ("https://hiddenkey@[::1/hiddenpath/1", "the host is not a valid"),
    ("https://hiddenkey@[hiddenhost]/hiddenpath/1", "the host is not a valid"),
    ("https://hiddenkey@[127.0.0.1]/hiddenpath/1", "the host is not a valid"),
    ("https://hiddenkey@[fe80::1%25eth0]/hiddenpath/1", "the host is not a valid"),
    ("https://hiddenkey@[::1]hiddenhost/hiddenpath/1", "the host is not a valid"),
    ("https://hiddenkey@[::1]:abc/hiddenpath/1", "the port is not"),
    ("https://hiddenkey@hiddenhost", "the project is missing"),
    ("https://hiddenkey@hiddenhost/", "the project is missing"),
    ("https://hiddenkey@hiddenhost/hiddenpath/", "the project is missing"),
    ("https://hiddenkey@hiddenhost?hiddenpath", "the project is missing"),
    ("https://hiddenkey@hiddenhost/hiddenpath/..", "the project has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/.", "the project has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1%2f2", "the project has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1%3Fx", "the project has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/a,b", "the project has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/../1", "the path before the project"),
    ("https://hiddenkey@hiddenhost/hiddenpath/%2e%2E/1", "the path before the project"),
    ("https://hiddenkey@hiddenhost/hiddenpath//1", "the path before the project"),
    ("https://hiddenkey@hiddenhost//hiddenpath/1", "the path before the project"),
    ("https://hiddenkey@hiddenhost/hiddenpath%2Fx/1", "the path before the project"),
    ("https://hiddenkey@hiddenhost/hiddenpath%zz/1", "the path before the project"),
    ('https://hiddenkey@hiddenhost/hiddenpath"x/1', "the path before the project"),
    ("https://hiddenkey@hiddenhost/hiddenpath\\x/1", "the path before the project"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1#", "it has a fragment"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1#hiddenpath", "it has a fragment"),
    ("https://hidden#key@hiddenhost/hiddenpath/1", "it has a fragment"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?hiddenpath", "the options are not of the form"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?a=1&&b=2", "the options are not of the form"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?a=%ff", "the options are not of the form"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?a=%zz", "an option has a % that is not followed"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?hidden-path=1", "an option's name has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?=hiddenpath", "an option's name has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?" + "a" * 65 + "=hiddenpath", "an option's name has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?hidden%0aname=1", "an option's name has characters"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?timeout=1&timeout=hiddenpath", "the option timeout is given twice"),
    ("https://hiddenkey@hiddenhost/hiddenpath/1?" + "&".join(f"a{n}=1" for n in range(101)), "the options are not"),
]

INJECTIONS = [
    "%0d%0a",
    "%0a",
    "%00",
    ",",
    "%2c",
    "=",
    "%3d",
    ";",
    "%3b",
    '"',
    "%22",
    "%20",
    "%7f",
    "%C3%A9",
    "%ff",
    "%",
]

MALFORMED += [(f"https://hidden{piece}key@hiddenhost/hiddenpath/1", "the public key has") for piece in INJECTIONS]
MALFORMED += [(f"https://pub:hidden{piece}key@hiddenhost/hiddenpath/1", "the secret key has") for piece in INJECTIONS]
MALFORMED += [(f"https://hiddenkey@hidden{piece}host/hiddenpath/1", "the host is not") for piece in INJECTIONS]
MALFORMED += [(f"https://hiddenkey@hiddenhost/hiddenpath/1{piece}2", "the project has") for piece in INJECTIONS]
MALFORMED += [
    (f"https://hiddenkey@hiddenhost/hiddenpath/1?timeout=hiddenpath{piece}x", "the option timeout has control")
    for piece in ("%0d%0a", "%0a", "%00", "%7f", "%C2%85", "%E2%80%A8", "%F0%9F%BF%BF")
]
MALFORMED += [
    (f"https://hiddenkey@hiddenhost/hiddenpath/{piece}1", "it has blanks, control characters")
    for piece in (" ", "\r\n", "\0", "\x7f", "\u00e9", "\u2028")
]


@pytest.mark.parametrize(("text", "reason"), MALFORMED, ids=[ascii(text)[:70] for text, _ in MALFORMED])
def test_a_malformed_one_is_refused_for_the_reason_and_not_told(text: str, reason: str) -> None:
    with pytest.raises(InvalidDsn, match=rf"^invalid DSN: ({reason})") as raised:
        Dsn.parse(text)
    error = raised.value
    assert isinstance(error, ConfigurationError)
    assert isinstance(error, ValueError)
    shown = "".join(traceback.format_exception_only(error)) + f"{error} {error!r} {error.args}"
    assert "hidden" not in shown
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("value", [None, 1, b"https://hiddenkey@h/1", ["https://hiddenkey@h/1"]])
def test_what_is_no_text_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(InvalidDsn, match=f"it must be a string, not {type(value).__name__}") as raised:
        Dsn.parse(value)  # type: ignore[arg-type]
    assert "hidden" not in str(raised.value)


# A secret stays one


def test_a_dsn_shows_where_it_leads_and_nothing_more() -> None:
    dsn = Dsn.parse("https://hiddenpublic:hiddensecret@Sentry.example:443/pre/42?proxy=http://hiddenuser:hidden@p")
    assert str(dsn) == "https://***@sentry.example/pre/42"
    assert repr(dsn) == "<Dsn https://***@sentry.example/pre/42>"
    assert f"{dsn} {[dsn]}".count("hidden") == 0


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_dsn_can_not_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="a secret can't be pickled"):
        pickle.dumps(Dsn.parse("https://pub@h/1"), protocol)


def test_a_dsn_can_not_be_copied_deeply() -> None:
    with pytest.raises(TypeError, match="a secret can't be pickled or copied"):
        copy.deepcopy(Dsn.parse("https://pub@h/1"))


# Whatever it is given


def check_wire(dsn: Dsn) -> None:
    """All that comes of a DSN can be written into a request."""
    for text in (dsn.origin, dsn.endpoint("envelope"), dsn.endpoint("store"), str(dsn)):
        assert VISIBLE.fullmatch(text)
    assert dsn.endpoint("store").startswith("/")
    assert 1 <= dsn.port <= 65535
    for key in (dsn.public_key, dsn.secret_key):
        assert key is None or (VISIBLE.fullmatch(key.reveal()) and not set(key.reveal()) & set(',=;"'))
    for name, value in dsn.options.items():
        assert name.isascii()
        assert value.isprintable()


def parse(text: str) -> None:
    with suppress(InvalidDsn):
        check_wire(Dsn.parse(text))


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    parse(text)


PIECE = st.text(st.sampled_from("aZ0 :/@?#[]%&=+.,;-_~\\\"'\r\n\0é\u2028") | st.characters(), max_size=6)


@given(st.sampled_from(["http", "https", "sync+http", "HTTPS", "x"]), PIECE, PIECE, PIECE, PIECE, PIECE, PIECE)
def test_any_parts_are_parsed_or_refused(
    scheme: str, key: str, secret: str, host: str, port: str, path: str, query: str
) -> None:
    for text in (
        f"{scheme}://{key}:{secret}@{host}:{port}/{path}?{query}",
        f"{scheme}://a{key}@h/1",
        f"{scheme}://a:b{secret}@h/1",
        f"{scheme}://a@h{host}/1",
        f"{scheme}://a@h:8{port}/1",
        f"{scheme}://a@h/{path}1",
        f"{scheme}://a@h/1?{query}",
    ):
        parse(text)


KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=',=;"'), min_size=1)


@given(KEYS, KEYS)
def test_a_key_that_is_quoted_comes_out_as_it_was_and_goes_into_the_header(public: str, secret: str) -> None:
    def quote(key: str) -> str:
        return "".join(f"%{ord(each):02x}" for each in key)

    text = f"http://{quote(public)}:{quote(secret)}@h/1"
    dsn = Dsn.parse(text)
    assert dsn.secret_key is not None
    assert (dsn.public_key.reveal(), dsn.secret_key.reveal()) == (public, secret)
    driver = StageDriver(Sign(), dsn=text)
    driver.send(Request("0" * 32, body=b"{}"))
    header = next(value for name, value in driver.received[0].headers.items() if name.lower() == "x-sentry-auth")
    assert re.fullmatch(r"[\x20-\x7e]+", header)
    fields = dict(field.strip().split("=") for field in header.removeprefix("Sentry ").split(","))
    assert (fields["sentry_key"], fields["sentry_secret"]) == (public, secret)
