"""What TLS must hold to, settled once for every sink.

The sinks build contexts of their own from it, because gevent, eventlet and Twisted need their own classes. Only what needs
`ssl` imports it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from ..errors import InvalidOption, TLSError
from ..frozen import Frozen

if TYPE_CHECKING:
    import ssl

SYSTEM = "system"
"""The word that stands for the operating system's trust store, as the value of `ca_certs`."""

_SHIPPED = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data", "cacert.pem")
_ENVIRONMENT = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_MARK = b"-----BEGIN CERTIFICATE-----"
_KEY_MARK = re.compile(rb"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----")


class TLSSettings(Frozen):
    """Whether to verify the server, and against what; and what to show it, if it wants a certificate from us.

    `ca_certs` is a PEM file, a folder as OpenSSL's `c_rehash` makes it, or None for the system's trust store. `cert_file`
    is a PEM file with our certificate, and with its key if there is no `key_file`.
    """

    verify: bool
    ca_certs: str | None
    cert_file: str | None = None
    key_file: str | None = None

    def apply(self, context: ssl.SSLContext) -> None:
        """Set a new client context up: TLS 1.2 or newer, the certificate and the host name are verified, or not, and our
        own certificate is loaded.

        Raises `TLSError` if a file is not what it was when the settings were made.
        """
        import ssl

        if self.cert_file is not None:
            try:
                context.load_cert_chain(self.cert_file, self.key_file, _no_password)
            except (OSError, ValueError, _Encrypted):
                raise TLSError("the client's certificate can't be loaded any more") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self.verify
        context.verify_mode = ssl.CERT_REQUIRED if self.verify else ssl.CERT_NONE
        if not self.verify:
            return
        if self.ca_certs is None:
            context.load_default_certs()
            return
        try:
            if os.path.isdir(self.ca_certs):
                context.load_verify_locations(capath=self.ca_certs)
            else:
                context.load_verify_locations(self.ca_certs)
        except (OSError, ssl.SSLError):
            raise TLSError("the trusted certificates can't be loaded any more") from None


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
        return _SHIPPED
    return bundle if os.path.isfile(bundle) else _SHIPPED


@cache
def _checked(name: str, path: str) -> str:
    # Once in a process and its forks: a child may be in another root folder, where the file is not.
    import ssl

    if os.path.isdir(path):
        if not any(map(_HASHED.fullmatch, os.listdir(path))):
            raise InvalidOption(f"{name}: the folder has no certificates as OpenSSL names them (run c_rehash on it)")
        return path
    try:
        with open(path, "rb") as file:
            pem = _MARK in file.read()
    except (OSError, ValueError):
        raise InvalidOption(
            f"{name}: a PEM file or folder that can be read is accepted, or the word {SYSTEM}"
        ) from None
    if not pem:
        raise InvalidOption(f"{name}: the file has no certificate in it (PEM is accepted)")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise InvalidOption(f"{name}: the file has no certificates that can be loaded") from None
    return path


def check_client_certificate(cert_file: str | None, key_file: str | None) -> None:
    """See that our certificate and its key can be loaded. Raises `InvalidOption` that names the option at fault."""
    if cert_file is not None:
        _load(cert_file, key_file)
    elif key_file is not None:
        raise InvalidOption("key_file: it is accepted only with cert_file, whose key it has")


class _Encrypted(Exception):
    """The key needs a password."""


def _no_password() -> str:
    # Without this, OpenSSL would ask for it on the terminal.
    raise _Encrypted


@cache
def _load(cert_file: str, key_file: str | None) -> None:
    import ssl

    if _MARK not in _pem("cert_file", cert_file):
        raise InvalidOption("cert_file: the file has no certificate in it (PEM is accepted)")
    name, key = ("cert_file", cert_file) if key_file is None else ("key_file", key_file)
    if not _KEY_MARK.search(_pem(name, key)):
        hint = "; key_file names another that has it" if key_file is None else ""
        raise InvalidOption(f"{name}: the file has no private key in it (PEM is accepted){hint}")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, _no_password)
    except _Encrypted:
        raise InvalidOption(f"{name}: the key is encrypted, and only one that needs no password is accepted") from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InvalidOption(f"{name}: the key is not that of the certificate") from None
        raise InvalidOption("cert_file: the certificate or its key can't be loaded") from None


def _pem(name: str, path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        raise InvalidOption(f"{name}: a PEM file that can be read is accepted") from None
