"""Which certificates of our own are refused."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from raven.client import Client
from raven.errors import InvalidOption, TLSError
from raven.sinks.tls import TLSSettings
from raven.sinks.urllib3 import Urllib3Sink
from raven.testing.conformance.test_client_certificate import Files, files
from raven.transport.http import HTTPTransport

__all__ = ["files"]

CERT_FIRST = "cert_file: the file has no certificate in it"
WRONG: dict[str, tuple[Callable[[Files], dict[str, str]], str]] = {
    "no certificate": (lambda files: {"key_file": files.key}, "key_file: it is accepted only with cert_file"),
    "no key": (lambda files: {"cert_file": files.cert}, "cert_file: the file has no private key in it .* key_file"),
    "a key for it": (lambda files: {"cert_file": files.key, "key_file": files.key}, CERT_FIRST),
    "it for a key": (
        lambda files: {"cert_file": files.cert, "key_file": files.cert},
        "key_file: the file has no private",
    ),
    "another's key": (
        lambda files: {"cert_file": files.cert, "key_file": files.other_key},
        "key_file: the key is not th",
    ),
    "a password": (
        lambda files: {"cert_file": files.cert, "key_file": files.encrypted},
        "key_file: the key is encrypted",
    ),
    "missing": (lambda files: {"cert_file": "/not/there.pem"}, "cert_file: a PEM file that can be read is accepted"),
    "key missing": (lambda files: {"cert_file": files.cert, "key_file": "/not/there.pem"}, "key_file: a PEM file that"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_can_not_be_used_is_refused_when_the_sink_is_made(files: Files, what: str) -> None:
    make, message = WRONG[what]
    options = make(files)
    with pytest.raises(InvalidOption, match=f"^{message}") as raised:
        Urllib3Sink(**options)  # type: ignore[arg-type]
    assert not [value for value in options.values() if value in str(raised.value)]
    assert raised.value.__cause__ is None
    query = "&".join(f"{name}={value}" for name, value in options.items())
    with pytest.raises(InvalidOption, match=f"^{message}"):
        Client(f"https://publickey@localhost/42?{query}", HTTPTransport)


def test_a_file_that_only_looks_right_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.pem"
    for label in ("CERTIFICATE", "PRIVATE KEY"):
        with path.open("a") as file:
            file.write(f"-----BEGIN {label}-----\nnonsense\n-----END {label}-----\n")
    with pytest.raises(InvalidOption, match=r"^cert_file: the certificate or its key can't be loaded"):
        Urllib3Sink(cert_file=str(path))


def test_a_file_that_is_gone_when_it_is_loaded_is_a_final_failure(files: Files, tmp_path: Path) -> None:
    for cert, key in (("/not/there.pem", None), (files.cert, files.encrypted), (files.key, None)):
        with pytest.raises(TLSError, match=r"^the client's certificate can't be loaded any more"):
            TLSSettings(False, None, cert, key).apply(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
