"""Which proxy leads to a server, settled once for every sink: the sink's option, or else the environment.

A proxy that is asked for and can't be used is an error. It is never left out, because the way around it may be forbidden.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Literal, cast

from ..dsn import Dsn
from ..errors import InvalidOption
from ..frozen import Frozen
from ..require import require
from ..secret import Secret

DIRECT = "direct"
"""The word that stands for no proxy, whatever the environment says, as the value of an option."""

_DEFAULT_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_HOST = r"[a-z0-9._-]+|[0-9a-f:.]+"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"


class Proxy(Frozen):
    """An HTTP or a SOCKS5 proxy. With "socks5h" it looks the server's name up itself, with "socks5" we do."""

    scheme: Literal["http", "socks5", "socks5h"]
    host: str
    """An IPv6 address is without its brackets."""
    port: int
    user: Secret | None = None
    password: Secret | None = None

    def forwards(self, dsn: Dsn) -> bool:
        """Whether it takes whole requests for this server, and makes them itself. Otherwise it makes a connection."""
        return self.scheme == "http" and dsn.scheme == "http"

    def authorization(self) -> dict[str, str]:
        """The header for an HTTP proxy that wants to know who we are; empty without a user."""
        if self.user is None:
            return {}
        import base64

        both = f"{self.user.reveal()}:{self.password.reveal() if self.password else ''}"
        return {"Proxy-Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}


def proxy_for(dsn: Dsn, option: Secret | None, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """Choose the proxy for a server: the option (`http_proxy` or `https_proxy`, as the server's scheme is), or the
    variable of that name, or `ALL_PROXY`; none for those that `NO_PROXY` names, or if a variable is there and empty.

    Raises `InvalidOption` that names the option or the variable, or `MissingDependency`, if it can't be used.
    """
    if option is not None:
        return proxy_of_option(f"{dsn.scheme}_proxy", option)
    for name in (f"{dsn.scheme}_proxy", "all_proxy"):
        found = _variable(environ, name)
        if found is not None:
            if not found[1] or _is_excepted(environ, dsn):
                return None
            return _parse(f"the environment variable {found[0]}", Secret(found[1]))
    return None


def proxy_of_option(name: str, value: Secret) -> Proxy | None:
    """What the value of an option means. `proxy_for` says what is raised."""
    return None if value.reveal().strip().lower() == DIRECT else _parse(name, value)


def _parse(name: str, url: Secret) -> Proxy:
    from urllib.parse import unquote, urlsplit  # few programs have a proxy, and it takes long to import

    text = url.reveal().strip()
    if not re.match(_SCHEME, text):  # a mere host:port is common
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidOption(f"{name}: the host or the port is not valid") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise InvalidOption(f"{name}: a URL that begins with http://, socks5:// or socks5h:// is accepted")
    if not re.fullmatch(_HOST, host) or port == 0 or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InvalidOption(f"{name}: a URL of the form http://user:password@host:port is accepted")
    user, password = (Secret(unquote(part)) if part else None for part in (parts.username, parts.password))
    for secret in (user, password):
        if secret is not None and not secret.reveal().isprintable():
            raise InvalidOption(f"{name}: the user or the password has control characters")
    if user is None and password is not None:
        raise InvalidOption(f"{name}: there is a password and no user")
    if user is not None and ":" in user.reveal():
        raise InvalidOption(f"{name}: the user has a colon")
    scheme = cast(Literal["http", "socks5", "socks5h"], parts.scheme)
    if scheme != "http":
        _check_socks(name, user, password)
    return Proxy(scheme, host, port or _DEFAULT_PORTS[scheme], user, password)


def _check_socks(name: str, user: Secret | None, password: Secret | None) -> None:
    require("socksio", "socksio", "a SOCKS proxy", "socks")
    if user is not None and password is None:
        raise InvalidOption(f"{name}: for a SOCKS proxy there must be a password with the user")
    for secret in (user, password):
        if secret is not None and len(secret.reveal().encode()) > _LONGEST:
            raise InvalidOption(f"{name}: the user and the password of a SOCKS proxy have {_LONGEST} bytes at most")


_LONGEST = 255
"""Bytes of a user or a password that SOCKS has room for (RFC 1929)."""


def _is_excepted(environ: Mapping[str, str], dsn: Dsn) -> bool:
    found = _variable(environ, "no_proxy")
    if found is None or not found[1]:
        return False
    from .no_proxy import bypasses  # what it imports takes long

    return bypasses(found[1], dsn.host, dsn.port)


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """A variable's own name and value. The lower-case one goes first.

    Under CGI, HTTP_PROXY is what a client of the web server sends as the header "Proxy", so it must not count.
    """
    names = [name] if name == "http_proxy" and "REQUEST_METHOD" in environ else [name, name.upper()]
    return next(((each, environ[each].strip()) for each in names if each in environ), None)
