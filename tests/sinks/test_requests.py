"""That requests decides nothing by itself. What it has in common with the urllib3 sink is tested with that one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from raven import Client
from raven.errors import MissingDependency, SendTimeout
from raven.sinks.requests import RequestsSink
from raven.sinks.urllib3 import Urllib3Sink
from raven.testing.conformance.sending import SHORT, Sender, ends_after
from raven.testing.http_server import Connection, Server, answer, chunk, endless, response, say
from raven.transport.requests import RequestsHTTPTransport


def test_what_is_sent_is_what_urllib3_sends() -> None:
    heads = []
    for sink in (Urllib3Sink(), RequestsSink()):
        with Server() as server, Sender(server.dsn(path="/pre%3afix~'()*"), sink) as sender:
            for body in (b"{}", b""):
                assert sender.post(body).delivered
            heads.append([(each.target, each.body, dict(each.headers, host="")) for each in server.requests])
    assert heads[0] == heads[1]


def test_no_cookie_is_sent_back() -> None:
    server = Server(answer(response(200, Set_Cookie="name=value; Path=/")))
    with server, Sender(server.dsn(), RequestsSink()) as sender:
        assert all(sender.post().delivered for _ in range(2))
        assert "cookie" not in server.requests[1].headers


def test_nothing_of_netrc_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login someone password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Server() as server, Sender(server.dsn(), RequestsSink()) as sender:
        assert sender.post().delivered
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("head", [{}, {"Content_Encoding": "gzip"}])
def test_of_a_redirect_no_more_is_read_than_of_others(head: dict[str, str]) -> None:
    start = response(302, Location="/elsewhere", Transfer_Encoding="chunked", **head)
    with Server(endless(start, chunk(b"x" * 4_096))) as server, Sender(server.dsn(), RequestsSink()) as sender:
        got = sender.post()
        assert (got.status, got.body) == (302, b"x" * 65_536)


def test_a_redirect_that_never_ends_is_over_at_the_deadline() -> None:
    start = response(302, Location="/elsewhere", Content_Length="5")
    with (
        Server(say(start, Connection.hold)) as server,
        Sender(server.dsn(), RequestsSink(), SHORT) as sender,
        ends_after(SHORT),
    ):
        assert type(sender.fail()) is SendTimeout


def test_a_missing_package_is_known_when_the_transport_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(MissingDependency, match=r'requests: pip install "raven\[requests\]"'):
        RequestsSink()
    with pytest.raises(MissingDependency):
        RequestsHTTPTransport(connections=3)
    monkeypatch.delitem(sys.modules, "raven.transport.requests")  # as if it had not been imported yet
    with pytest.raises(MissingDependency):
        Client("requests+http://publickey@localhost/42")


def test_at_exit_it_stands_in_for_itself() -> None:
    sink = RequestsSink(connections=3)
    assert sink.at_exit() is sink
