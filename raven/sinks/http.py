"""What all HTTP sinks have in common: their options, and the bound on what they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..dsn import Dsn
from ..options import option
from . import Sink
from .tls import TLSSettings, resolve

MOST_READ = 65_536
"""The bytes of an answer's body that are read. Servers say little; a longer answer costs its connection."""

LONGEST_ATTEMPT = 30.0
"""Seconds that an attempt may take in a stack that sets no deadline, because it has no Timeout."""


@dataclass(frozen=True, repr=False)
class HTTPSink(Sink):
    """Options of every sink that speaks HTTP.

    `verify_ssl` (default 1): verify the server's certificate and that it is for this host.
    `ca_certs`: a PEM file or a folder of trusted certificates, or the word "system" for the operating system's. None (the
    default) is the file that `SSL_CERT_FILE` or `REQUESTS_CA_BUNDLE` names, else certifi's bundle.
    `connections`: how many connections are kept open at most, and used at once (default 10).
    """

    needs: ClassVar[Mapping[str, str]] = {"frame": "it posts the body that is framed there"}

    verify_ssl: bool = True
    ca_certs: str | None = None
    connections: int = option(10, minimum=1, maximum=1_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ca_certs is not None:
            resolve(True, self.ca_certs)

    def tls(self, dsn: Dsn) -> TLSSettings | None:
        """What TLS must hold to; None for a server without it. Raises `InvalidOption`."""
        return resolve(self.verify_ssl, self.ca_certs) if dsn.scheme == "https" else None
