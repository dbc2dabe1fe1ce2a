"""What all HTTP sinks have in common: their options, and the bounds on what they read and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..dsn import Dsn
from ..errors import SendTimeout
from ..options import option, options_of
from ..own_log import logger
from ..request import Request
from ..secret import Secret
from . import Sink

if TYPE_CHECKING:
    from .proxy import Proxy
    from .tls import TLSSettings

MOST_READ = 65_536
"""The bytes of an answer's body that are read. Servers say little; a longer answer costs its connection."""

LONGEST_ATTEMPT = 30.0
"""Seconds that an attempt may take in a stack that sets no deadline, because it has no Timeout."""

_warned_of: set[str] = set()
"""The servers that the process was warned of: one line each, however often they are bound."""


class HTTPSink(Sink):
    """Options of every sink that speaks HTTP.

    `verify_ssl` (default 1): verify the server's certificate and that it is for this host.
    `ca_certs`: a PEM file or a folder of trusted certificates, or the word "system" for the operating system's. None (the
    default) is the file that `SSL_CERT_FILE` or `REQUESTS_CA_BUNDLE` names, else certifi's bundle.
    `cert_file`, `key_file`: PEM files with a certificate of our own, for servers that want one, and with its key, which
    may be in `cert_file` as well. The key must not need a password.
    `http_proxy`, `https_proxy`: the proxy for a server of that scheme, as `http://user:password@host:port`. With
    `socks5h://` it looks the server's name up, with `socks5://` we do; both need `pip install "raven[socks]"`. The word
    "direct" is none. None (the default) is what the variables `HTTP_PROXY` or `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
    say. A proxy that can't be used is an error.
    `connections`: how many connections are kept open at most, and used at once (default 10).
    """

    needs: ClassVar[Mapping[str, str]] = {"frame": "it posts the body that is framed there"}

    verify_ssl: bool = True
    ca_certs: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    http_proxy: str | Secret | None = None
    https_proxy: str | Secret | None = None
    connections: int = option(10, minimum=1, maximum=1_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.ca_certs, self.cert_file, self.key_file) != (None, None, None):
            from .tls import check_client_certificate, resolve

            if self.ca_certs is not None:
                resolve(True, self.ca_certs)
            check_client_certificate(self.cert_file, self.key_file)
        for name in ("http_proxy", "https_proxy"):
            given = getattr(self, name)
            if given is not None:
                from .proxy import proxy_of_option

                proxy_of_option(name, given)

    def options(self) -> dict[str, Any]:
        """The options that every HTTP sink has, for one that is to take this one's place."""
        return {name: getattr(self, name) for name in options_of(HTTPSink)}

    def tls(self, dsn: Dsn) -> TLSSettings | None:
        """What TLS must hold to; None for a server without it. Raises `InvalidOption`."""
        if dsn.scheme != "https":
            return None
        from .tls import resolve

        return resolve(self.verify_ssl, self.ca_certs).replace(cert_file=self.cert_file, key_file=self.key_file)

    def proxy(self, dsn: Dsn) -> Proxy | None:
        """The proxy that leads to the server, if one does. Raises `InvalidOption` or `MissingDependency`."""
        from .proxy import proxy_for

        given = self.https_proxy if dsn.scheme == "https" else self.http_proxy
        return proxy_for(dsn, Secret(given) if isinstance(given, str) else given)


def deadline_of(request: Request, monotonic: Callable[[], float]) -> float:
    """The moment at which an attempt that begins now is over, on this clock. Raises `SendTimeout` if that is now."""
    now = monotonic()
    deadline = now + LONGEST_ATTEMPT if request.deadline is None else request.deadline
    if deadline <= now:
        raise SendTimeout("the time was over before the attempt began")
    return deadline


def warn_if_unverified(dsn: Dsn, tls: TLSSettings | None) -> None:
    """Log that nobody verifies who the server is, if that is so."""
    if tls is not None and not tls.verify and dsn.origin not in _warned_of:
        _warned_of.add(dsn.origin)
        logger.warning("verify_ssl=0: the certificate of %s is not verified", dsn.origin)
