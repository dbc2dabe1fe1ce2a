"""Whom the sinks trust, and against which certificates."""

from __future__ import annotations

import datetime
import hashlib
import logging
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from raven.client import Client
from raven.dsn import Dsn
from raven.errors import TLSError
from raven.sinks import http
from raven.sinks.http import HTTPSink
from raven.sinks.tls import SYSTEM, TLSSettings, default_bundle, resolve
from raven.testing.conformance.conftest import Authority
from raven.testing.conformance.sending import Sender
from raven.testing.http_server import Server, answer
from raven.transport.http import HTTPTransport

pytestmark = pytest.mark.usefixtures("kind")

LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def https(server: Server, host: str) -> str:
    return f"https://publickey:secretkey@{host}:{server.port}/prefix/42"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_for_the_name_or_the_address_is_accepted(
    authority: Authority, local_context: ssl.SSLContext, host: str, kind: type[HTTPSink]
) -> None:
    with (
        Server(context=local_context) as server,
        Sender(https(server, host), kind(ca_certs=authority.file)) as it,
    ):
        assert it.post().delivered
    assert server.handshakes == [None]


def self_signed(authority: Authority) -> ssl.SSLContext:
    """A certificate that nobody but itself vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    alone = trustme.CA()
    alone.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def expired(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert(
        "localhost", not_after=LONG_AGO, not_before=LONG_AGO - datetime.timedelta(7)
    ).configure_cert(context)
    return context


def other_name(authority: Authority) -> ssl.SSLContext:
    return authority.server_context("elsewhere.example", "127.0.0.2")


def foreign(authority: Authority) -> ssl.SSLContext:
    return Authority(trustme.CA(), "").server_context("localhost", "127.0.0.1")


def root_itself(authority: Authority, folder: Path) -> ssl.SSLContext:
    """The certificate of an authority, used as a server's own: self-signed."""
    alone = trustme.CA()
    both = folder / "self-signed.pem"
    both.write_bytes(alone.private_key_pem.bytes() + alone.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


Make = Callable[[Authority], ssl.SSLContext]
BAD: dict[str, tuple[Make, str]] = {
    "unknown CA": (foreign, "unable to get local issuer certificate"),
    "wrong name": (other_name, "match"),
    "expired": (expired, "certificate has expired"),
    "chain of its own": (self_signed, "unable to get local issuer certificate"),
}


@pytest.fixture(params=[*BAD, "self-signed"])
def bad(request: pytest.FixtureRequest, authority: Authority, tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context that must not be trusted, and a word of the reason."""
    if request.param == "self-signed":
        return root_itself(authority, tmp_path), "self.signed certificate"
    make, reason = BAD[request.param]
    return make(authority), reason


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_bad_certificate_is_refused(
    authority: Authority, bad: tuple[ssl.SSLContext, str], host: str, kind: type[HTTPSink]
) -> None:
    context, reason = bad
    with Server(context=context) as server:
        with Sender(https(server, host), kind(ca_certs=authority.file)) as sender:
            for _ in range(2):
                error = sender.fail()
                assert type(error) is TLSError
                assert not error.transient
                assert str(error).startswith("the server's certificate was refused: ")
                if (host, reason) != ("127.0.0.1", "certificate has expired"):  # that one is not for the address either
                    with pytest.raises(TLSError, match=reason):
                        sender.post()
        assert server.requests == []


def test_by_default_the_public_authorities_are_trusted_and_no_other(local_context: ssl.SSLContext) -> None:
    with Server(context=local_context) as server, Sender(https(server, "localhost")) as sender:
        assert type(sender.fail()) is TLSError
        assert server.requests == []


def test_verify_ssl_0_accepts_a_bad_certificate_and_warns_once(
    bad: tuple[ssl.SSLContext, str],
    caplog: pytest.LogCaptureFixture,
    kind: type[HTTPSink],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "_warned_of", set())  # the port may have been another test's
    with Server(answer(times=1), context=bad[0]) as server, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with Sender(https(server, "localhost"), kind(verify_ssl=False)) as sender:
            assert all(sender.post().delivered for _ in range(3))
        assert server.connections == 3
    assert warned == []
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            "raven.delivery",
            logging.WARNING,
            f"verify_ssl=0: the certificate of https://localhost:{server.port} is not verified",
        )
    ]


def test_verify_ssl_0_in_a_dsn_does_the_same(local_context: ssl.SSLContext) -> None:
    with Server(context=local_context) as server:
        client = Client(https(server, "localhost") + "?verify_ssl=0", HTTPTransport)
        client.capture_message("hello")
        assert client.close()
        assert client.stats().delivered == 1


@pytest.mark.parametrize("verify", [True, False])
def test_tls_1_1_is_refused_verified_or_not(authority: Authority, verify: bool, kind: type[HTTPSink]) -> None:
    context = authority.server_context("localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Server(context=context) as server:
        with Sender(https(server, "localhost"), kind(verify, authority.file)) as sender:
            error = sender.fail()
        assert type(error) is TLSError
        assert str(error).startswith("TLS could not be set up: ")
        assert server.wait_for(lambda: server.handshakes)


def test_the_least_version_is_1_2_and_all_is_verified() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    TLSSettings(True, default_bundle()).apply(context)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    TLSSettings(False, None).apply(context)
    assert not context.check_hostname
    assert context.verify_mode is ssl.CERT_NONE


def test_a_server_that_wants_a_certificate_of_the_client_is_a_tls_error(
    authority: Authority, kind: type[HTTPSink]
) -> None:
    context = authority.server_context("localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    with (
        Server(context=context) as server,
        Sender(https(server, "localhost"), kind(ca_certs=authority.file)) as sender,
    ):
        error = sender.fail()
        assert type(error) is TLSError
        assert str(error).startswith("TLS could not be set up: ")


# Which certificates


def test_the_variables_of_the_process_count(
    authority: Authority, local_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        with monkeypatch.context() as variables, Server(context=local_context) as server:
            variables.setenv(name, authority.file)
            with Sender(https(server, "localhost")) as sender:
                assert sender.post().delivered


def test_system_is_the_store_of_openssl(
    authority: Authority, local_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, kind: type[HTTPSink]
) -> None:
    assert resolve(True, SYSTEM, {"REQUESTS_CA_BUNDLE": "/does/not/exist"}) == TLSSettings(True, None)
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)  # OpenSSL's own name for its store
    with (
        Server(context=local_context) as server,
        Sender(https(server, "localhost"), kind(ca_certs=SYSTEM)) as it,
    ):
        assert it.post().delivered


def test_a_folder_of_certificates_is_accepted(
    authority: Authority, local_context: ssl.SSLContext, tmp_path: Path, kind: type[HTTPSink]
) -> None:
    (tmp_path / f"{subject_hash(authority.file)}.0").write_bytes(Path(authority.file).read_bytes())
    sink = kind(ca_certs=str(tmp_path))
    with Server(context=local_context) as server, Sender(https(server, "localhost"), sink) as sender:
        assert sender.post().delivered


def subject_hash(file: str) -> str:
    """The name under which OpenSSL looks for a certificate in a folder."""
    subject = canonical_subject(file)
    return format(int.from_bytes(hashlib.sha1(subject).digest()[:4], "little"), "08x")


def canonical_subject(file: str) -> bytes:
    from cryptography import x509

    # In lower case, with single blanks, as UTF-8, without the outermost sequence.
    certificate = x509.load_pem_x509_certificate(Path(file).read_bytes())
    sets = b""
    for rdn in certificate.subject.rdns:
        inner = b""
        for attribute in rdn:
            text = " ".join(str(attribute.value).lower().split()).encode()
            oid = bytes((0x55, 0x04, int(attribute.oid.dotted_string.rpartition(".")[2])))
            pair = der(0x06, oid) + der(0x0C, text)
            inner += der(0x30, pair)
        sets += der(0x31, inner)
    return sets


def der(tag: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes((tag, len(content))) + content


def test_without_tls_the_variables_are_not_looked_at(monkeypatch: pytest.MonkeyPatch, kind: type[HTTPSink]) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/does/not/exist")
    with Server() as server, Sender(server.dsn()) as sender:
        assert sender.post().delivered
    assert kind().tls(Dsn.parse("http://publickey@localhost/42")) is None
