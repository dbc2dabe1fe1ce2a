"""Servers that have an address of IPv6."""

from __future__ import annotations

import ssl

import pytest

from raven.sinks.http import HTTPSink
from raven.testing.conformance.conftest import Authority
from raven.testing.conformance.sending import Sender
from raven.testing.http_server import Server


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_of_ipv6(
    authority: Authority, local_context: ssl.SSLContext, kind: type[HTTPSink], scheme: str
) -> None:
    context = local_context if scheme == "https" else None
    with Server(host="::1", context=context) as server, Sender(server.dsn(), kind(ca_certs=authority.file)) as sender:
        assert sender.post().delivered
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_a_name_whose_first_address_is_of_ipv6_and_not_served(
    monkeypatch: pytest.MonkeyPatch, kind: type[HTTPSink]
) -> None:
    import socket

    with Server() as server, Sender(f"http://publickey@two.example:{server.port}/42", kind()) as sender:

        def getaddrinfo(host: str, port: int, *, flags: int = 0, **options: object) -> list[object]:
            if flags & socket.AI_NUMERICHOST:
                raise socket.gaierror(socket.EAI_NONAME, "not a number")
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert sender.post().delivered
