"""The address of a project on a server, and the options that come with it.

    {scheme}://{public key}[:{secret key}]@{host}[:{port}]{path}/{project}[?{options}]

Every part is a string. Keys are percent-decoded once, and then refused if they could alter the header that they are
written into; see Sentry's "foundations/transport/authentication" for the header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .errors import InvalidDsn
from .frozen import Frozen, made_by
from .secret import Secret

_DEFAULT_PORTS = {"http": 80, "https": 443}

# raven-python 6 chose its transport by a prefix of the scheme, as in threaded+https://.
_SCHEME_PREFIXES = frozenset(
    {"sync", "threaded", "requests", "threaded+requests", "gevent", "eventlet", "tornado", "twisted"}
)

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_KEY = re.compile(r"[!#-+\--:<>-~]+")  # visible ASCII without , = ; "
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_PATH_SEGMENT = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")
_PROJECT = re.compile(r"[A-Za-z0-9._~-]+")
_OPTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Dsn(Frozen):
    """A parsed DSN. Its `repr` and `str` show neither the keys nor the values of options."""

    scheme: str
    public_key: Secret
    secret_key: Secret | None
    host: str
    """Lower case; an IPv6 address is without its brackets."""
    port: int
    path: str
    """What stands before the project, without a slash at its end: "" or "/prefix"."""
    project: str
    options: Mapping[str, str] = made_by(dict)
    """The options of the query string, still as text."""
    transport: str | None = None
    """raven-python 6's name of a transport, when the scheme has one: "threaded" in threaded+https://."""

    @classmethod
    def parse(cls, text: str) -> Dsn:
        """Read a DSN. Blanks around it are ignored, a default port is dropped.

        Raises `InvalidDsn` with the reason, which never quotes the DSN.
        """
        if not isinstance(text, str):
            raise InvalidDsn(f"it must be a string, not {type(text).__name__}")
        text = text.strip()
        if not text:
            raise InvalidDsn("it is empty")
        if not _VISIBLE_ASCII.fullmatch(text):
            raise InvalidDsn("it has blanks, control characters or characters outside ASCII")
        if "#" in text:
            raise InvalidDsn("it has a fragment (#); write that character as %23")
        # By hand, because urllib takes long to import; what the parts may have is checked below.
        prefix, _, rest = text.partition("://")
        rest, _, query = rest.partition("?")
        netloc, slash, path = rest.partition("/")
        transport, scheme = _scheme(prefix.lower())
        public_key, secret_key, address = _user_info(netloc)
        host, port = _host_and_port(address, _DEFAULT_PORTS[scheme])
        path, project = _path_and_project(slash + path)
        return cls(scheme, public_key, secret_key, host, port, path, project, _options(query), transport)

    @property
    def origin(self) -> str:
        """Scheme, host and port: `https://host` or `http://[::1]:9000`."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port, the latter if it is not the default one: `host` or `[::1]:9000`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def endpoint(self, name: str) -> str:
        """The path of one of the project's endpoints, "envelope" or "store". The slash at its end is required."""
        return f"{self.path}/api/{self.project}/{name}/"

    def __str__(self) -> str:
        return f"{self.scheme}://***@{self.authority}{self.path}/{self.project}"

    def __repr__(self) -> str:
        return f"<Dsn {self}>"


def _scheme(text: str) -> tuple[str | None, str]:
    prefix, plus, scheme = text.rpartition("+")
    if scheme not in _DEFAULT_PORTS:
        raise InvalidDsn("it must start with http:// or https://")
    if plus and prefix not in _SCHEME_PREFIXES:
        raise InvalidDsn(f"the transport named before its scheme is none of {', '.join(sorted(_SCHEME_PREFIXES))}")
    return prefix or None, scheme


def _user_info(netloc: str) -> tuple[Secret, Secret | None, str]:
    user_info, _, address = netloc.rpartition("@")
    if "@" in user_info:
        raise InvalidDsn("it has more than one @; write one that belongs to a key as %40")
    public, _, secret = user_info.partition(":")
    if not public:
        raise InvalidDsn("the public key is missing (it stands before the @)")
    return _key("public", public), _key("secret", secret) if secret else None, address


def _key(which: str, text: str) -> Secret:
    if _BROKEN_PERCENT.search(text):
        raise InvalidDsn(f"the {which} key has a % that is not followed by two hexadecimal digits")
    if "%" in text:
        from urllib.parse import unquote_to_bytes

        try:
            text = unquote_to_bytes(text).decode("ascii")
        except UnicodeDecodeError:
            raise InvalidDsn(f"the {which} key has characters outside ASCII") from None
    if not _KEY.fullmatch(text):
        raise InvalidDsn(f"the {which} key has a character that a header parameter can't hold")
    return Secret(text)


def _host_and_port(address: str, default: int) -> tuple[str, int]:
    if address.startswith("["):
        host, closed, rest = address[1:].partition("]")
        if not closed or not _is_ipv6(host) or (rest and not rest.startswith(":")):
            raise InvalidDsn("the host is not a valid IPv6 address in brackets")
        colon, port = rest[:1], rest[1:]
    else:
        host, colon, port = address.partition(":")
        if not host:
            raise InvalidDsn("the host is missing")
        if not _HOST_NAME.fullmatch(host) or ".." in host or len(host) > 253:
            raise InvalidDsn("the host is not a valid name or address")
    if not colon:
        return host.lower(), default
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise InvalidDsn("the port is not a number from 1 to 65535")
    return host.lower(), int(port)


def _is_ipv6(text: str) -> bool:
    import socket

    try:
        socket.inet_pton(socket.AF_INET6, text)
    except OSError:
        return False
    return True


def _path_and_project(text: str) -> tuple[str, str]:
    path, _, project = text.rpartition("/")
    if not project:
        raise InvalidDsn("the project is missing (it stands at the end of the path, with no slash behind it)")
    if not _PROJECT.fullmatch(project) or project in (".", ".."):
        raise InvalidDsn("the project has characters other than letters, digits and . _ ~ -")
    for segment in path.split("/")[1:]:
        plain = segment.lower().replace("%2e", ".")
        if not _PATH_SEGMENT.fullmatch(segment) or plain in (".", "..") or "%2f" in plain:
            raise InvalidDsn("the path before the project has an empty, relative or malformed part")
    return path, project


def _options(query: str) -> dict[str, str]:
    if not query:
        return {}
    if _BROKEN_PERCENT.search(query):
        raise InvalidDsn("an option has a % that is not followed by two hexadecimal digits")
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise InvalidDsn("the options are not of the form name=value&name=value") from None
    options: dict[str, str] = {}
    for name, value in pairs:
        if not _OPTION_NAME.fullmatch(name):
            raise InvalidDsn("an option's name has characters other than letters, digits and _")
        if name in options:
            raise InvalidDsn(f"the option {name} is given twice")
        if not value.isprintable():
            raise InvalidDsn(f"the option {name} has control characters")
        options[name] = value
    return options
