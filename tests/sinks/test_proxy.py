"""Which proxy leads to a server."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import pytest

from raven.client import Client
from raven.dsn import Dsn
from raven.errors import InvalidOption
from raven.secret import Secret
from raven.sinks.no_proxy import bypasses
from raven.sinks.proxy import Proxy, proxy_for, proxy_of_option
from raven.sinks.urllib3 import Urllib3Sink

HTTP = Dsn.parse("http://publickey@sentry.example/42")
HTTPS = Dsn.parse("https://publickey@sentry.example/42")


def port_of(dsn: Dsn, option: str | None, environ: Mapping[str, str]) -> int | None:
    """The port of the proxy, by which these tests tell one from another."""
    proxy = proxy_for(dsn, None if option is None else Secret(option), environ)
    return None if proxy is None else proxy.port


def test_the_option_goes_before_the_variables() -> None:
    environ = {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2", "ALL_PROXY": "http://p:3", "NO_PROXY": "*"}
    assert port_of(HTTP, "http://p:9", environ) == 9
    assert port_of(HTTPS, "http://p:9", environ) == 9
    assert port_of(HTTPS, "direct", {"HTTPS_PROXY": "http://p:2"}) is None


@pytest.mark.parametrize(
    ("environ", "http", "https"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2", "ALL_PROXY": "http://p:3"}, 1, 2),
        ({"HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://p:3"}, 1, 3),
        ({"http_proxy": "http://p:1", "HTTP_PROXY": "http://p:2"}, 1, None),
        ({"https_proxy": "http://p:1", "all_proxy": "http://p:2", "ALL_PROXY": "http://p:3"}, 2, 1),
        ({"HTTPS_PROXY": "", "ALL_PROXY": "http://p:3"}, 3, None),
        ({"https_proxy": " ", "HTTPS_PROXY": "http://p:2"}, None, None),
        ({"HTTP_PROXY": "p:1", "HTTPS_PROXY": " http://p:2/ "}, 1, 2),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "sentry.example"}, None, None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "a, sentry.example:443"}, 1, None),
        ({"ALL_PROXY": "http://p:1", "no_proxy": "", "NO_PROXY": "*"}, 1, 1),
        # A server that runs CGI scripts makes HTTP_PROXY of a header that its client sends.
        ({"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2", "REQUEST_METHOD": "GET"}, None, 2),
        ({"http_proxy": "http://p:1", "HTTP_PROXY": "http://p:2", "REQUEST_METHOD": ""}, 1, None),
    ],
)
def test_the_variables(environ: dict[str, str], http: int | None, https: int | None) -> None:
    assert (port_of(HTTP, None, environ), port_of(HTTPS, None, environ)) == (http, https)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://Proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("HTTP://proxy.example", Proxy("http", "proxy.example", 80)),
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("localhost", Proxy("http", "localhost", 80)),
        ("user:pass@10.0.0.1:1", Proxy("http", "10.0.0.1", 1, Secret("user"), Secret("pass"))),
        ("http://[::1]:3128/", Proxy("http", "::1", 3128)),
        ("socks5://proxy.example", Proxy("socks5", "proxy.example", 1080)),
        ("socks5h://u:p@proxy.example:9", Proxy("socks5h", "proxy.example", 9, Secret("u"), Secret("p"))),
        ("http://u@proxy", Proxy("http", "proxy", 80, Secret("u"))),
        ("http://us%C3%A9r:p%40s%3As%2F%25@proxy", Proxy("http", "proxy", 80, Secret("usér"), Secret("p@s:s/%"))),
        ("http://u:p@ss@proxy", Proxy("http", "proxy", 80, Secret("u"), Secret("p@ss"))),
    ],
)
def test_an_address_is_read(url: str, proxy: Proxy) -> None:
    assert proxy_of_option("http_proxy", Secret(url)) == proxy
    assert proxy_for(HTTP, None, {"HTTP_PROXY": url}) == proxy


BAD = [
    "",
    " ",
    "http://",
    "http://:3128",
    "https://proxyname:3128",
    "ftp://proxyname",
    "socks://proxyname",
    "socks4://proxyname",
    "socks4a://proxyname",
    "://proxyname",
    "http://proxyname:abc",
    "http://proxyname:0",
    "http://proxyname:65536",
    "http://proxyname:80/path",
    "http://proxyname?query",
    "http://proxyname#fragment",
    "http://[proxyname",
    "http://[::1%25eth0]:80",
    "http://proxy name",
    "http://proxyuser:prox/password@proxyname:80",
    "http://:proxypassword@proxyname",
    "http://proxy%3Auser:proxypassword@proxyname",
    "http://proxyuser:proxy%0Apassword@proxyname",
    "socks5://proxyuser@proxyname",
    f"socks5://proxyuser:{'x' * 256}@proxyname",
]


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_can_not_be_used_is_an_error_that_does_not_quote_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidOption, match=r"^https_proxy: ") as raised:
        Urllib3Sink(https_proxy=url)
    texts = [str(raised.value)]
    if url.strip():
        with pytest.raises(InvalidOption, match=r"^the environment variable HTTPS_PROXY: ") as raised:
            proxy_for(HTTPS, None, {"HTTPS_PROXY": url})
        texts.append(str(raised.value))
        monkeypatch.setenv("HTTPS_PROXY", url)
        with pytest.raises(InvalidOption):
            Client("https://publickey@sentry.example/42")
        Client("https://publickey@sentry.example/42?https_proxy=direct")
    for text in texts:
        assert not [part for part in ("proxyname", "proxyuser", "password@proxy", "xxx") if part in text]
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_the_header_for_a_proxy() -> None:
    assert Proxy("http", "p", 1).authorization() == {}
    header = Proxy("http", "p", 1, Secret("usér"), Secret("p:w")).authorization()
    assert header == {"Proxy-Authorization": "Basic dXPDqXI6cDp3"}
    assert Proxy("http", "p", 1, Secret("u")).authorization() == {"Proxy-Authorization": "Basic dTo="}


def test_an_option_with_a_password_is_a_secret() -> None:
    url = "http://proxyuser:proxypassword@proxyname"
    sink = Urllib3Sink(https_proxy=url)
    assert isinstance(sink.https_proxy, Secret)
    assert sink == Urllib3Sink(https_proxy=Secret(url)) != Urllib3Sink()
    assert repr(sink) == "Urllib3Sink(https_proxy=***)"
    assert sink.with_options({"timeout": "1", "connections": "3"}).https_proxy == Secret(url)
    assert sink.with_options({"https_proxy": "none"}) == Urllib3Sink()
    proxy = sink.proxy(HTTPS)
    assert "proxyuser" not in repr(proxy)
    assert "proxypassword" not in repr(proxy)
    with pytest.raises(TypeError):
        pickle.dumps(sink)
    with pytest.raises(InvalidOption, match=r"^https_proxy: printable text, or none is accepted$"):
        Urllib3Sink(https_proxy=3)  # type: ignore[arg-type]


# NO_PROXY


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("*", ["any.example", "10.0.0.1", "::1"], []),
        ("a, *", ["any.example"], []),
        ("", [], ["any.example"]),
        (" , ,", [], ["any.example", ""]),
        ("example.com", ["example.com", "a.example.com", "EXAMPLE.com", "example.com."], ["notexample.com", "com"]),
        (".example.com", ["example.com", "a.b.example.com"], ["notexample.com", "example.com.org"]),
        ("*.example.com", ["a.example.com", "example.com"], ["notexample.com"]),
        ("Example.COM.", ["example.com"], ["example.org"]),
        ("*example.com", [], ["example.com", "a.example.com"]),
        ("one.example two.example,three.example", ["one.example", "two.example", "three.example"], ["four.example"]),
        ("example.com:9000", ["example.com"], []),
        ("example.com:80", [], ["example.com"]),
        (".example.com:9000", ["a.example.com"], []),
        ("10.1.2.3", ["10.1.2.3"], ["10.1.2.30", "1.10.1.2.3", "a.10.1.2.3"]),
        ("10.1.2.3:9000,10.1.2.4:80", ["10.1.2.3"], ["10.1.2.4"]),
        ("10.0.0.0/8", ["10.255.1.2"], ["11.0.0.1", "ten.example", "::a00:1"]),
        ("10.1.2.3/8", ["10.9.9.9"], ["11.0.0.1"]),
        ("192.168.0.0/255.255.0.0", ["192.168.3.4"], ["192.169.0.1"]),
        ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]),
        ("[::1]", ["::1"], ["::2"]),
        ("[::1]:9000,[::2]:80", ["::1"], ["::2"]),
        ("fd00::/8", ["fd12::1"], ["fe80::1", "10.0.0.1"]),
        ("localhost,127.0.0.1", ["localhost", "127.0.0.1"], ["127.0.0.2"]),
        ("10.0.0.0/99,/,:,[,a:b:c,example.com:port,.,*.", [], ["10.0.0.1", "example.com", "a", "::1", ""]),
        ("http://example.com", [], ["example.com"]),
    ],
)
def test_no_proxy(text: str, yes: list[str], no: list[str]) -> None:
    assert [host for host in yes if not bypasses(text, host, 9000)] == []
    assert [host for host in no if bypasses(text, host, 9000)] == []
