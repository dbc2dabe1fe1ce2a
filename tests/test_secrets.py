"""No key, no password and no body is shown: not by what is logged, printed, represented, pickled or raised."""

from __future__ import annotations

import contextlib
import copy
import gc
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from raven import Client
from raven.dsn import Dsn
from raven.pipeline import Stack
from raven.request import Request
from raven.secret import Secret
from raven.testing.conformance.transports import TRANSPORTS, home_of
from raven.testing.http_server import Behaviour, Server, answer, refusing_port, reset_at_first_byte, response, say
from tests.secrets import PLANTED, shown_in

LEAKS = {
    "stdout": "print(secret)",
    "stderr": "import sys; print(secret, file=sys.stderr)",
    "log": "import logging; logging.getLogger('raven').warning(secret)",
}


@pytest.mark.parametrize("leak", [*LEAKS.values(), "pass"], ids=[*LEAKS, "none"])
def test_a_test_that_shows_one_fails(tmp_path: Path, leak: str) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(f"def test_it():\n    secret = {PLANTED[0]!r}\n    {leak}\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.secrets",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
    ]
    ended = subprocess.run([*command, str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == (leak != "pass"), ended.stdout


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that anybody logs, at the lowest level."""
    caplog.set_level(1)
    caplog.set_level(1, "raven.delivery")
    logging.captureWarnings(True)
    yield caplog
    logging.captureWarnings(False)


BEHAVIOURS: dict[str, Behaviour] = {
    "200": answer(response(200, b"answertext secretkey")),
    "403": answer(response(403, b"answertext secretkey")),
    "500": answer(response(500, b"answertext secretkey")),
    "redirect": answer(response(302, b"answertext", Location="http://publickey:secretkey@127.0.0.1/answertext")),
    "garbage": answer(b"answertext secretkey\r\n\r\n"),
    "bad length": say(response(200, b"", Content_Length="answertext")),
    "reset": reset_at_first_byte,
}


@pytest.mark.parametrize("behaviour", [*BEHAVIOURS, "refused", "bad proxy"])
@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__)
def test_whatever_becomes_of_an_event(
    transport: type[Stack], behaviour: str, everything: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(BEHAVIOURS.get(behaviour, answer())))
        dsn = server.dsn()
        if behaviour == "refused":
            dsn = dsn.replace(f":{server.port}/", f":{refusing_port()}/")
        if behaviour == "bad proxy":
            dsn += f"?http_proxy=http://proxyuser:proxypassword@127.0.0.1:{refusing_port()}"
        made = transport(attempts=2, backoff=0.0, timeout=20.0)
        client = stack.enter_context(home_of(made.sink).call(lambda: Client(dsn, made)))
        client.capture_message("bodytext", extra={"a": "bodytext"})
        client.flush(20)
        shown = repr([client, client._transport, made, made.stages, made.sink, client.stats()])
        shown += "".join(repr(each) for each in gc.get_objects() if issubclass(type(each), (Dsn, Request, Secret)))
    out, err = capfd.readouterr()
    assert everything.records
    assert not shown_in(f"{everything.text} {out} {err} {shown}")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__)
def test_nothing_that_holds_a_key_can_be_pickled_or_copied(transport: type[Stack], protocol: int) -> None:
    made = transport()
    with home_of(made.sink).call(lambda: Client("http://publickey:secretkey@127.0.0.1:1/1", made)) as client:
        for each in (client, client._transport, Dsn.parse("http://publickey:secretkey@127.0.0.1/1")):
            for act in (lambda it: pickle.dumps(it, protocol), copy.deepcopy):
                with pytest.raises(TypeError) as raised:
                    act(each)
                assert not shown_in(_whole(raised.value))


WRONG = [
    "secretkey",
    "ftp://publickey:secretkey@h/1",
    "http://publickey:secretkey@h/",
    "http://publickey:secretkey@h:secretkey/1",
    "http://publickey:secret=secretkey@h/1",
    "http://publickey:secretkey@@h/1",
    "http://publickey:secretkey@h/1?timeout=secretkey",
    "http://publickey:secretkey@h/1?http_proxy=ftp://proxyuser:proxypassword@h",
    "http://publickey:secretkey@h/1?http_proxy=http://proxyuser:proxypassword@h:proxypassword",
    "http://publickey:secretkey@h/1?ca_certs=/secretkey/proxypassword",
    "http://publickey:secretkey@[secretkey]/1",
    "http://publickey:secretkey@h/1?encoding=secretkey",
]


@pytest.mark.parametrize("dsn", WRONG)
def test_what_is_wrong_is_told_without_it(dsn: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  several, and what they say is tested where they are made
        Client(dsn)
    assert not shown_in(_whole(raised.value))


def _whole(error: BaseException) -> str:
    """All that is ever printed of an error: its words, its causes, and the calls that led to it."""
    lines: list[Any] = traceback.format_exception(error)
    return f"{error!r} {error.args!r} " + "".join(line for line in lines if "Client(dsn)" not in line)
