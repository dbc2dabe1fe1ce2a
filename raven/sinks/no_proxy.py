"""Which servers are reached without a proxy, by the forms of `NO_PROXY` that are in use."""

from __future__ import annotations

import ipaddress
import re

_NAME_AND_PORT = re.compile(r"\[([^\]]+)\](?::(\d+))?|([^:]+)(?::(\d+))?")


def bypasses(text: str, host: str, port: int) -> bool:
    """Whether a `NO_PROXY` of this text names the server.

    Its entries stand between commas or blanks, in either case. `*` is every server; `example.com`, `.example.com` and
    `*.example.com` are that domain with all below it; `10.1.2.3`, `::1` and `10.0.0.0/8` are addresses, which names are
    never looked up for. Any but the last may end in a port. What is none of these names no server.
    """
    return any(_names(entry.lower(), host.lower().rstrip("."), port) for entry in re.split(r"[\s,]+", text) if entry)


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    if _address(entry) is None:  # an IPv6 address without brackets has colons, and no port
        parts = _NAME_AND_PORT.fullmatch(entry)
        if parts is None:
            return False
        entry = parts[1] or parts[3]
        if (parts[2] or parts[4] or str(port)) != str(port):
            return False
    if address is not None or _address(entry) is not None:
        return _address(entry) == address
    domain = entry.removeprefix("*.").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
