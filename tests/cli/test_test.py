"""`raven test`: says whether errors arrive, why they don't, and never a key."""

from __future__ import annotations

import io
import json
import logging
import ssl
import subprocess
import sys
from collections.abc import Iterator

import pytest
import trustme

import raven
from raven.cli import main
from raven.cli.test import run
from raven.testing.http_server import Behaviour, Server, answer, hang_up, mute, refusing_port, response

QUICK = "attempts=1&timeout=0.3"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("SENTRY_DSN", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    before = list(logging.getLogger("raven").handlers)
    yield
    logging.getLogger("raven").handlers[:] = before


def outcome(dsn: str | None) -> tuple[int, str]:
    """The exit code and what was printed, in which there is no key."""
    out = io.StringIO()
    code = run(dsn, out)
    text = out.getvalue()
    assert "publickey" not in text
    assert "secretkey" not in text
    return code, text


def test_both_are_delivered() -> None:
    with Server(answer(response(200, b"{}"))) as server:
        code, text = outcome(server.dsn(QUICK, path="/prefix"))
    assert code == 0
    assert f"Server   http://127.0.0.1:{server.port}/prefix\n" in text
    assert "Project  42\n" in text
    assert text.count("answered 200") == 2
    assert text.endswith("Both are on the server. Errors of a program with this DSN will be too.\n")
    assert len(server.requests) == 2


def test_what_is_sent_is_a_message_and_an_exception() -> None:
    with Server() as server:
        outcome(server.dsn(QUICK + "&encoding=none"))
    first, second = (json.loads(request.body.split(b"\n")[2]) for request in server.requests)
    assert first["logentry"]["message"] == "raven test: a message"
    assert second["exception"]["values"][-1]["value"] == "raven test: an exception"
    assert (first["level"], second["level"]) == ("info", "info")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (302, "The server redirects."),
        (400, "The server could not read the event."),
        (401, "The server does not know the key."),
        (403, "The server does not know the key or the project."),
        (404, "There is no such project at this address."),
        (407, "The proxy wants a user and a password"),
        (413, "The event is too large for the server"),
        (418, "answered 418"),
        (429, "a quota is used up"),
        (500, "has a problem of its own"),
        (503, "has a problem of its own"),
    ],
)
def test_a_server_that_refuses_is_told_with_a_hint(status: int, hint: str) -> None:
    with Server(answer(response(status, Location="http://elsewhere.example/"))) as server:
        code, text = outcome(server.dsn(QUICK))
    assert code == 1
    assert hint in text
    assert f"answered {status} in " in text
    assert "Not delivered: 1 x " in text
    assert len(server.requests) == 1  # after the first failure there is no second event


def test_a_hint_is_given_once() -> None:
    with Server(answer(response(503))) as server:
        code, text = outcome(server.dsn("attempts=3&backoff=0"))
    assert code == 1
    assert text.count("answered 503") == 3
    assert text.count("has a problem of its own") == 1


def test_the_second_one_can_fail_alone() -> None:
    with Server(answer(response(200), response(429))) as server:
        code, text = outcome(server.dsn(QUICK))
    assert code == 1
    assert "Not delivered: 1 x rate_limited." in text


def test_a_proxy_that_refuses() -> None:
    with Server(answer(response(403))) as proxy:
        code, text = outcome(
            f"https://publickey:secretkey@sentry.example/42?{QUICK}&https_proxy=127.0.0.1:{proxy.port}"
        )
    assert code == 1
    assert "failed: the proxy refused: it answered 403" in text
    assert "Check the proxy: " in text


def test_a_refused_connection() -> None:
    code, text = outcome(f"http://publickey:secretkey@127.0.0.1:{refusing_port()}/42?{QUICK}")
    assert code == 1
    assert "failed: the server can't be reached: Connection refused" in text
    assert "Check the host and the port in the DSN" in text


@pytest.mark.parametrize(
    ("behaviour", "failure", "hint"),
    [
        (mute, "the server did not answer in time", "?timeout=5 in the DSN"),
        (answer(b"SSH-2.0-OpenSSH\r\n"), "the answer is not HTTP", "or something else"),
        (hang_up, "the connection was lost", "or something else"),
    ],
    ids=["timeout", "garbage", "lost"],
)
def test_no_answer(behaviour: Behaviour, failure: str, hint: str) -> None:
    with Server(behaviour) as server:
        code, text = outcome(server.dsn(QUICK))
    assert code == 1
    assert f"failed: {failure}" in text
    assert hint in text


def test_a_bad_certificate() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with Server(context=context) as server:
        code, text = outcome(server.dsn(QUICK))
    assert code == 1
    assert "failed: the server's certificate was refused" in text
    assert "?ca_certs=/path/to/ca.pem in the DSN" in text


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (response(403, b'{"detail": "no such key publickey:secretkey"}'), ": no such key ***:***\n"),
        (response(400, b'{"message": "publickey"}'), ": ***\n"),
        (response(400, b'{"detail": 5, "message": "why"}'), ": why\n"),
        (response(400, b"{}", X_Sentry_Error="secretkey \x1b[31m is wrong"), ": *** [31m is wrong\n"),
        (response(400, b'{"detail": "' + b"x" * 195 + b'publickey"}'), ": " + "x" * 195 + "***\n"),
        (response(400, b'{"detail": "' + b"x" * 199 + b'publickey"}'), ": " + "x" * 199 + "*\n"),
        (response(400, b'{"detail": "pub\\u0000lickey \\u001b[31m"}'), ": *** [31m\n"),
        (response(400, b"<html>publickey</html>"), " ms\n"),
        (response(400, b"[" * 60_000), " ms\n"),
        (response(400, b'"text"'), " ms\n"),
        (response(400, b"\xff\xfe"), " ms\n"),
        (response(400, b""), " ms\n"),
    ],
    ids=[
        "detail",
        "message",
        "no text",
        "header",
        "edge",
        "over the edge",
        "control",
        "html",
        "deep",
        "str",
        "bytes",
        "",
    ],
)
def test_what_the_server_says_is_shown_without_the_keys_that_it_echoes(answered: bytes, said: str) -> None:
    with Server(answer(answered)) as server:
        code, text = outcome(server.dsn(QUICK))
    assert code == 1
    (line,) = (line for line in text.splitlines(keepends=True) if "answered" in line)
    assert line.endswith(said)
    assert "publi" not in text
    assert "\x1b" not in text


def test_a_key_that_is_a_part_of_the_other_gives_nothing_of_it_away() -> None:
    with Server(answer(response(400, b'{"detail": "abc and abcdef"}'))) as server:
        _, text = outcome(f"http://abc:abcdef@127.0.0.1:{server.port}/42?{QUICK}")
    assert ": *** and ***\n" in text


def test_the_header_of_a_success_is_shown_too() -> None:
    with Server(answer(response(200, b'{"detail": "not shown"}', X_Sentry_Error="half of publickey"))) as server:
        code, text = outcome(server.dsn(QUICK))
    assert code == 0
    assert text.count(" ms: half of ***\n") == 2
    assert "not shown" not in text


@pytest.mark.parametrize("dsn", [None, "", "  "])
def test_without_a_dsn_it_asks_for_one(dsn: str | None) -> None:
    assert outcome(dsn) == (2, "There is no DSN. Give one (raven test DSN), or set SENTRY_DSN.\n")


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("publickey", "invalid DSN: it must start with"),
        ("https://publickey:secretkey@h", "invalid DSN: the project is missing"),
        ("https://publickey@h/1?nosuch=secretkey", "there is no option nosuch"),
        ("https://publickey@h/1?timeout=secretkey", "timeout: a number of seconds"),
        ("https://publickey@h/1?ca_certs=/no/such/file", "ca_certs: a PEM file"),
    ],
)
def test_a_wrong_configuration_is_told(dsn: str, said: str) -> None:
    code, text = outcome(dsn)
    assert code == 2
    assert text.startswith(f"The configuration is wrong: {said}")
    assert text.count("\n") == 1


def test_the_dsn_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        monkeypatch.setenv("SENTRY_DSN", server.dsn())
        assert main(["test"]) == 0
    assert "Both are on the server." in capsys.readouterr().out
    assert len(server.requests) == 2


# The command itself


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-W", "error", "-m", "raven", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


def test_as_a_command_it_prints_no_key_and_nothing_on_the_side() -> None:
    with Server(answer(response(403, b'{"detail": "publickey secretkey"}'))) as server:
        ran = command("test", server.dsn(QUICK))
    assert ran.returncode == 1
    assert "answered 403" in ran.stdout
    assert "publickey" not in ran.stdout
    assert "secretkey" not in ran.stdout
    assert ran.stderr == ""


def test_as_a_command_it_ends_with_the_code() -> None:
    with Server() as server:
        assert command("test", server.dsn()).returncode == 0
    ran = command("test", "publickey")
    assert (ran.returncode, ran.stderr) == (2, "")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"raven {raven.VERSION}\n"
    assert command("--version").stdout == f"raven {raven.VERSION}\n"


@pytest.mark.parametrize("line", [[], ["nosuch"], ["test", "a", "b"], ["demo", "--nosuch"]])
def test_a_wrong_line_ends_with_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 2
    assert "usage: raven" in capsys.readouterr().err
