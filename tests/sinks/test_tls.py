"""Which certificates are trusted, and what is refused as none."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
import trustme

from raven.client import Client
from raven.errors import InvalidOption, TLSError
from raven.sinks import tls
from raven.sinks.tls import SYSTEM, TLSSettings, default_bundle, resolve
from raven.sinks.urllib3 import Urllib3Sink
from raven.testing import fake_context
from raven.transport.http import HTTPTransport

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "raven" / "data" / "cacert.pem"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pem(tmp_path: Path) -> Callable[[str], str]:
    """Make a file with a certificate in it."""

    def make(name: str) -> str:
        path = tmp_path / name
        trustme.CA().cert_pem.write_to_path(str(path))
        return str(path)

    return make


def test_the_option_goes_before_the_variables_and_they_before_certifi(pem: Callable[[str], str]) -> None:
    option, first, second = pem("option.pem"), pem("first.pem"), pem("second.pem")
    both = {"SSL_CERT_FILE": first, "REQUESTS_CA_BUNDLE": second}
    assert resolve(True, option, both) == TLSSettings(True, option)
    assert resolve(True, None, both) == TLSSettings(True, first)
    assert resolve(True, None, {"REQUESTS_CA_BUNDLE": second}) == TLSSettings(True, second)
    assert resolve(True, None, {"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": second}) == TLSSettings(True, second)
    assert resolve(True, None, {"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": ""}) == TLSSettings(True, certifi.where())
    assert resolve(True, None, {}) == TLSSettings(True, certifi.where())


def test_nothing_is_looked_for_when_nothing_is_verified() -> None:
    assert resolve(False, "/does/not/exist", {"SSL_CERT_FILE": "/nor/this"}) == TLSSettings(False, None)


def test_without_certifi_there_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "certifi", None)
    assert default_bundle() == str(SHIPPED)


@pytest.mark.parametrize("where", ["/does/not/exist.pem", ""])
def test_for_a_bundle_of_certifi_that_is_not_there_there_is_a_copy(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifi, "where", lambda: where)
    assert default_bundle() == str(SHIPPED)


def test_for_a_certifi_that_fails_there_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise RuntimeError("frozen")

    monkeypatch.setattr(certifi, "where", broken)
    assert default_bundle() == str(SHIPPED)


def test_the_copy_can_be_used() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    TLSSettings(True, str(SHIPPED)).apply(context)
    assert len(context.get_ca_certs()) > 100


def test_the_copy_is_that_of_the_certifi_that_is_required() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    _, _, rest = setup.partition('"certifi>=')
    required = tuple(int(part) for part in rest.partition('"')[0].split("."))
    installed = tuple(int(part) for part in certifi.__version__.split("."))
    assert installed >= required
    if installed == required:  # by what the release says of its file: some machines add authorities of their own to it
        (bundle,) = (file for file in importlib.metadata.files("certifi") or () if file.name == "cacert.pem")
        assert bundle.hash is not None
        assert bundle.hash.value == base64.urlsafe_b64encode(digest(SHIPPED)).rstrip(b"=").decode()


def digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def bad_files(folder: Path) -> dict[str, str]:
    """Paths that can't be a bundle, by what is wrong with them."""
    empty = folder / "empty.pem"
    empty.write_text("no certificate in here")
    return {"missing": str(folder / "missing.pem"), "empty": str(empty), "a NUL": "\0", "too long": "x" * 5_000}


@pytest.mark.parametrize("what", ["missing", "empty", "a NUL", "too long"])
def test_a_bad_ca_certs_is_refused_when_the_sink_is_made(what: str, tmp_path: Path) -> None:
    path = bad_files(tmp_path)[what]
    with pytest.raises(InvalidOption, match=r"^ca_certs: ") as raised:
        Urllib3Sink(ca_certs=path)
    assert path not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("what", ["missing", "empty"])
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_bad_file_in_a_variable_is_refused_when_the_client_is_made(
    name: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bad_files(tmp_path)[what]
    monkeypatch.setenv(name, path)
    with pytest.raises(InvalidOption, match=f"^the environment variable {name}: ") as raised:
        Client("https://publickey@localhost/42")
    assert path not in str(raised.value)


def test_a_bad_ca_certs_in_a_dsn_is_refused_when_the_client_is_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"^ca_certs: "):
        Client(f"https://publickey@localhost/42?ca_certs={tmp_path / 'missing.pem'}")


def test_an_unreadable_file_is_refused(pem: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = pem("secret.pem")
    os.chmod(path, 0)
    if os.access(path, os.R_OK):  # the superuser may read anything
        path = "/proc/self/mem"
    with pytest.raises(InvalidOption, match=r"^ca_certs: a PEM file or folder that can be read is accepted"):
        resolve(True, path)


NOT_A_BUNDLE = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("variable", [None, "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_file_that_only_looks_like_a_bundle_is_refused_at_construction(
    variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.pem"
    path.write_text(NOT_A_BUNDLE)
    if variable:
        monkeypatch.setenv(variable, str(path))
    query = "" if variable else f"?ca_certs={path}"
    with pytest.raises(
        InvalidOption, match=rf"^{f'the environment variable {variable}' if variable else 'ca_certs'}: "
    ):
        Client(f"https://publickey@localhost:1/42{query}", HTTPTransport)


def test_a_folder_without_hashed_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"^ca_certs: .*c_rehash"):
        Urllib3Sink(ca_certs=str(tmp_path))


def test_a_bundle_that_is_gone_when_it_is_loaded_is_a_final_failure(tmp_path: Path) -> None:
    path = tmp_path / "broken.pem"
    path.write_text(NOT_A_BUNDLE)
    with pytest.raises(TLSError):
        TLSSettings(True, str(path)).apply(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_a_sink_without_tls_settings_is_not_in_the_way_of_the_word_system() -> None:
    assert Urllib3Sink(ca_certs=SYSTEM).tls(fake_context().dsn) is None
    assert tls.SYSTEM == "system"
