"""Proxies that the environment names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from raven.client import Client
from raven.errors import (
    ConfigurationError,
    MissingDependency,
)
from raven.sinks.urllib3 import Urllib3Sink
from raven.testing.conformance.conftest import Authority
from raven.testing.conformance.test_proxied import NAME, dsn_of
from raven.testing.http_server import (
    Server,
)
from raven.testing.proxies import CREDENTIALS, PASSWORD, USER, connecting, forwarding
from raven.transport.http import HTTPTransport


@pytest.fixture
def capture() -> Callable[[str], Client]:
    """Deliver a message at once, by a client with that DSN."""

    def deliver(dsn: str) -> Client:
        with Client(dsn, HTTPTransport) as client:
            client.capture_message("hello")
        return client

    return deliver


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_environment_names_the_proxy(
    capture: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with Server() as target, Server(forwarding(target)) as via:
        monkeypatch.setenv(name, f"http://127.0.0.1:{via.port}")
        assert capture(dsn_of("http")).stats().delivered == 1
        assert via.requests[0].target.startswith(f"http://{NAME}:9000/")
        monkeypatch.setenv("NO_PROXY", "localhost, 127.0.0.1")
        assert capture(target.dsn()).stats().delivered == 1
        assert capture(target.dsn(f"http_proxy=http://127.0.0.1:{via.port}")).stats().delivered == 1
        monkeypatch.delenv("NO_PROXY")
        assert capture(target.dsn("http_proxy=direct")).stats().delivered == 1
        assert (len(via.requests), len(target.requests)) == (2, 4)


def test_https_has_a_variable_of_its_own(
    authority: Authority, capture: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(context=authority.server_context(NAME)) as target, Server(connecting(target, authorized=True)) as via:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:{PASSWORD}@127.0.0.1:{via.port}/")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert capture(f"{dsn_of('https')}?ca_certs={authority.file}").stats().delivered == 1
        assert via.requests[0].headers["proxy-authorization"] == f"Basic {CREDENTIALS}"


@pytest.mark.parametrize("value", ["socks4://127.0.0.1:1", "https://127.0.0.1:1", "http:///path", "http://host:port"])
def test_a_proxy_of_the_environment_that_can_not_be_used_is_an_error(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(ConfigurationError, match=r"^the environment variable ALL_PROXY: ") as raised:
        Client(dsn_of("https"))
    assert value not in str(raised.value)


@pytest.mark.parametrize("proxy", ["socks5", "socks5h"])
def test_socks_needs_an_extra(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    with pytest.raises(MissingDependency, match=r"a SOCKS proxy .*socksio.*raven\[socks\]"):
        Urllib3Sink(http_proxy=f"{proxy}://localhost")
    monkeypatch.setenv("ALL_PROXY", f"{proxy}://localhost")
    with pytest.raises(MissingDependency):
        Client(dsn_of("http"))
