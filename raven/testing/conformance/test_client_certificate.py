"""Showing a certificate of our own to a server that wants one."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from raven.client import Client
from raven.dsn import Dsn
from raven.errors import ConnectionLost, TLSError
from raven.sinks.http import HTTPSink
from raven.testing.conformance.conftest import Authority
from raven.testing.conformance.sending import Sender
from raven.testing.http_server import Server
from raven.transport.http import HTTPTransport

pytestmark = pytest.mark.usefixtures("kind")
PASSWORD = b"not to be asked for"


@dataclass(frozen=True)
class Files:
    """Paths of PEM files."""

    cert: str
    key: str
    both: str
    encrypted: str
    """The key, with a password."""
    other_key: str


@pytest.fixture(scope="module")
def files(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("client")
    leaf = authority.ca.issue_cert("client.example")
    cert, key = b"".join(pem.bytes() for pem in leaf.cert_chain_pems), leaf.private_key_pem.bytes()
    encrypted = serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(PASSWORD),
    )
    other = trustme.CA().issue_cert("other.example").private_key_pem.bytes()

    def write(name: str, data: bytes) -> str:
        path = folder / f"{name}.pem"
        path.write_bytes(data)
        return str(path)

    return Files(
        write("cert", cert),
        write("key", key),
        write("both", key + cert),
        write("encrypted", encrypted),
        write("other", other),
    )


def wanting(authority: Authority, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """What a server needs that wants to see a certificate."""
    context = authority.server_context("localhost", "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    context.maximum_version = newest
    return context


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("verify", [True, False])
def test_the_server_takes_it(
    authority: Authority, files: Files, kind: type[HTTPSink], verify: bool, newest: ssl.TLSVersion
) -> None:
    sinks = [
        kind(verify, authority.file, cert_file=files.cert, key_file=files.key),
        kind(verify, authority.file, cert_file=files.both),
    ]
    for sink in sinks:
        with Server(context=wanting(authority, newest)) as server, Sender(server.dsn(host="localhost"), sink) as sender:
            assert all(sender.post().delivered for _ in range(2))
            assert server.connections == 1


def test_it_comes_from_the_dsn_too(authority: Authority, files: Files) -> None:
    query = f"ca_certs={authority.file}&cert_file={files.cert}&key_file={files.key}"
    with Server(context=wanting(authority)) as server:
        with Client(server.dsn(query), HTTPTransport) as client:
            client.capture_message("hello")
        assert client.stats().delivered == 1


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_one_that_the_server_does_not_trust_is_a_tls_error(
    authority: Authority, kind: type[HTTPSink], tmp_path: Path, newest: ssl.TLSVersion
) -> None:
    path = tmp_path / "foreign.pem"
    trustme.CA().issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(str(path))
    sink = kind(ca_certs=authority.file, cert_file=str(path))
    with Server(context=wanting(authority, newest)) as server, Sender(server.dsn(host="localhost"), sink) as sender:
        error = sender.fail()
        assert server.wait_for(lambda: server.handshakes)
    # With TLS 1.3 the server says so after the handshake, and the request may cross its alert and be cut off by a reset.
    assert type(error) is TLSError or (newest is ssl.TLSVersion.TLSv1_3 and type(error) is ConnectionLost)
    assert server.requests == []


def test_a_server_without_tls_is_shown_none(files: Files, kind: type[HTTPSink]) -> None:
    sink = kind(cert_file=files.both)
    assert sink.tls(Dsn.parse("http://publickey@localhost/42")) is None
    with Server() as server, Sender(server.dsn(), sink) as sender:
        assert sender.post().delivered
