"""A certificate authority, and a server with a sink that talks to it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from raven.pipeline import Stack
from raven.sinks.http import HTTPSink
from raven.testing.conformance.sending import TIMEOUT, Sender
from raven.testing.conformance.transports import QUEUED, SINKS, TRANSPORTS
from raven.testing.http_server import Behaviour, Server

Talk = Callable[..., tuple[Server, Sender]]


@dataclass(frozen=True)
class Authority:
    """A CA of the tests' own, and the PEM file that has it."""

    ca: trustme.CA
    file: str

    def server_context(self, *names: str) -> ssl.SSLContext:
        """What a server with a certificate for these names needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return Authority(ca, str(file))


@pytest.fixture(scope="session")
def local_context(authority: Authority) -> ssl.SSLContext:
    """A good certificate for every name that loopback has."""
    return authority.server_context("localhost", "127.0.0.1", "::1")


@pytest.fixture(autouse=True)
def unknown_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in .invalid are unknown at once (RFC 6761, 6.4). Some machines ask a name server that takes its time."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(params=SINKS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[HTTPSink]:
    """A test with this is done with each kind of sink. It is what a `Sender` is made of that is given none."""
    kind: type[HTTPSink] = request.param
    monkeypatch.setattr(Sender, "kind", kind, raising=False)
    return kind


@pytest.fixture(params=TRANSPORTS, ids=lambda transport: transport.__name__)
def transport(request: pytest.FixtureRequest) -> type[Stack]:
    """A test with this is done with each transport."""
    transport: type[Stack] = request.param
    return transport


@pytest.fixture(params=QUEUED, ids=lambda transport: transport.__name__)
def queued(request: pytest.FixtureRequest) -> type[Stack]:
    """A test with this is done with each transport that delivers beside the program."""
    transport: type[Stack] = request.param
    return transport


@pytest.fixture(params=["http", "https"])
def talk(
    request: pytest.FixtureRequest, authority: Authority, local_context: ssl.SSLContext, kind: type[HTTPSink]
) -> Iterator[Talk]:
    """A function that starts a server with these behaviours, and a sink to talk to it: with TLS, and without."""
    secure = request.param == "https"
    with ExitStack() as stack:

        def start(
            *behaviours: Behaviour, timeout: float = TIMEOUT, path: str = "", connections: int = 10
        ) -> tuple[Server, Sender]:
            server = stack.enter_context(Server(*behaviours, context=local_context if secure else None))
            sink = kind(ca_certs=authority.file, connections=connections)
            return server, stack.enter_context(Sender(server.dsn(path=path), sink, timeout))

        yield start


@pytest.fixture
def empty_file(tmp_path: Path) -> str:
    path = tmp_path / "empty.pem"
    path.write_text("nothing here")
    return str(path)
