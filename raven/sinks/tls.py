"""What TLS must hold to, settled once for every sink.

The sinks build contexts of their own from it, because gevent, eventlet and Twisted need their own classes.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidOption

SYSTEM = "system"
"""The word that stands for the operating system's trust store, as the value of `ca_certs`."""

_SHIPPED = Path(__file__).parent.parent / "data" / "cacert.pem"
_ENVIRONMENT = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_MARK = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class TLSSettings:
    """Whether to verify the server, and against what.

    `ca_certs` is a PEM file, a folder as OpenSSL's `c_rehash` makes it, or None for the system's trust store.
    """

    verify: bool
    ca_certs: str | None

    def apply(self, context: ssl.SSLContext) -> None:
        """Set a new client context up: TLS 1.2 or newer, and the certificate and the host name are verified, or not.

        Raises `InvalidOption` if the file is not what it seemed.
        """
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self.verify
        context.verify_mode = ssl.CERT_REQUIRED if self.verify else ssl.CERT_NONE
        if not self.verify:
            return
        if self.ca_certs is None:
            context.load_default_certs()
            return
        folder = os.path.isdir(self.ca_certs)
        try:
            context.load_verify_locations(
                cafile=None if folder else self.ca_certs, capath=self.ca_certs if folder else None
            )
        except (OSError, ssl.SSLError):
            raise InvalidOption("ca_certs: the file has no certificates that can be loaded") from None


def resolve(verify: bool, ca_certs: str | None, environ: Mapping[str, str] = os.environ) -> TLSSettings:
    """Choose the trusted certificates: the option, `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, or certifi's bundle.

    Raises `InvalidOption` that names the option or the variable, if what it says is not there or has no certificate.
    """
    if not verify:
        return TLSSettings(False, None)
    if ca_certs == SYSTEM:
        return TLSSettings(True, None)
    if ca_certs is not None:
        return TLSSettings(True, _checked("ca_certs", ca_certs))
    for name in _ENVIRONMENT:
        if environ.get(name):
            return TLSSettings(True, _checked(f"the environment variable {name}", environ[name]))
    return TLSSettings(True, default_bundle())


def default_bundle() -> str:
    """certifi's bundle as it is installed, so that its upgrades count; the copy in `raven/data` if it is not there.

    The copy is never the newer one: setup.py requires the certifi that it was taken from, or a later one.
    """
    try:
        import certifi

        bundle = certifi.where()
    except Exception:  # whatever a broken or frozen installation raises, we have a copy
        return str(_SHIPPED)
    return bundle if os.path.isfile(bundle) else str(_SHIPPED)


def _checked(name: str, path: str) -> str:
    if os.path.isdir(path):
        return path
    try:
        with open(path, "rb") as file:
            if _MARK in file.read():
                return path
    except (OSError, ValueError):
        raise InvalidOption(
            f"{name}: a PEM file or folder that can be read is accepted, or the word {SYSTEM}"
        ) from None
    raise InvalidOption(f"{name}: the file has no certificate in it (PEM is accepted)")
