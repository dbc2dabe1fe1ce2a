"""`raven test`: is everything set up so that errors arrive?"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import TextIO

from ..client import Client
from ..dsn import Dsn
from ..errors import ConfigurationError, ConnectError, ProxyError, RavenError, SendError, SendTimeout, TLSError
from ..pipeline import Timeout
from ..pipeline.stage import FunctionStage
from ..request import Request, Response, Send
from ..transport.threaded import ThreadedHTTPTransport

DELIVERED, NOT_DELIVERED, NOT_CONFIGURED = 0, 1, 2

_PATIENCE = 120.0

_HINTS = {
    400: "The server could not read the event. If it names no reason, try ?encoding=none in the DSN.",
    401: "The server does not know the key. Copy the DSN again from the project's settings.",
    403: "The server does not know the key or the project. Copy the DSN again from the project's settings.",
    404: "There is no such project at this address. Check the path and the project in the DSN.",
    407: "The proxy wants a user and a password, or others: ?http_proxy=http://user:password@host:port in the DSN.",
    413: "The event is too large for the server, or for a proxy before it.",
    429: "The server takes no more events for now: a quota is used up. The setup itself works.",
}


def run(dsn: str | None, out: TextIO | None = None) -> int:
    """Send a message and an exception to a project (None: that of `SENTRY_DSN`), and tell how it goes.

    Returns 0 if the server took both, 1 if it did not, 2 if the DSN or the configuration is wrong.
    """
    # What the logger would say is said here, and in full.
    logging.getLogger("raven").addHandler(logging.NullHandler())
    report = Report(out or sys.stdout)
    address = dsn or os.environ.get("SENTRY_DSN", "")
    if not address.strip():
        report.line("There is no DSN. Give one (raven test DSN), or set SENTRY_DSN.")
        return NOT_CONFIGURED
    try:
        parsed = report.dsn = Dsn.parse(address)
        stack = ThreadedHTTPTransport().before(Timeout, FunctionStage(function=report.attempt))
        client = Client(address, stack)
    except (ConfigurationError, ImportError) as error:
        report.line(f"The configuration is wrong: {error}")
        return NOT_CONFIGURED
    report.line(f"Server   {parsed.origin}{parsed.path}")
    report.line(f"Project  {parsed.project}")
    with client:
        report.line("Sending a message ...")
        client.capture_message("raven test: a message", level="info")
        if client.flush(_PATIENCE):
            report.line("Sending an exception ...")
            try:
                raise RavenTest("raven test: an exception")
            except RavenTest:
                client.capture_exception(level="info")
            client.flush(_PATIENCE)
        stats = client.stats()
    if stats.delivered == stats.accepted:
        report.line("Both are on the server. Errors of a program with this DSN will be too.")
        return DELIVERED
    reasons = ", ".join(f"{count} x {reason}" for reason, count in stats.dropped.items())
    report.line(f"Not delivered: {reasons}.")
    if "ratelimit_backoff" in stats.dropped:
        report.line("The setup works, but the server has asked to be sent nothing more for a while.")
    return NOT_DELIVERED


class RavenTest(Exception):
    """What `raven test` raises and captures."""


class Report:
    """Tells of each attempt, what came of it, and what to check."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._hints: set[str] = set()
        self.dsn: Dsn | None = None

    def line(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    async def attempt(self, request: Request, send: Send) -> Response:
        """A stage that stands where each attempt passes."""
        started = time.monotonic()
        self.line(f"  POST {request.endpoint}, {len(request.body or b'')} bytes")
        try:
            response = await send(request)
        except SendError as error:
            self.line(f"  failed: {error}")
            self._hint(_hint_for(error))
            raise
        milliseconds = (time.monotonic() - started) * 1_000
        self.line(f"  answered {response.status} in {milliseconds:.0f} ms{self._reason(response)}")
        if not response.delivered:
            self._hint(_hint_for_status(response.status))
        return response

    def _reason(self, response: Response) -> str:
        text = _said(response)
        keys = (self.dsn.public_key, self.dsn.secret_key) if self.dsn else ()
        for key in sorted(
            (key.reveal() for key in keys if key), key=len, reverse=True
        ):  # one may be a part of the other
            text = text.replace(key, "***")
        return f": {text[:200]}" if text else ""

    def _hint(self, hint: str) -> None:
        if hint and hint not in self._hints:
            self._hints.add(hint)
            self.line(f"  {hint}")


def _hint_for(error: RavenError) -> str:
    if isinstance(error, TLSError):
        return "If the server's certificate is from a CA of your own, name it: ?ca_certs=/path/to/ca.pem in the DSN."
    if isinstance(error, ProxyError):
        return "Check the proxy: the option https_proxy, or HTTPS_PROXY and ALL_PROXY in the environment, name it."
    if isinstance(error, SendTimeout):
        return "If the server is slow or far away, allow it more: ?timeout=5 in the DSN."
    if isinstance(error, ConnectError):
        return "Check the host and the port in the DSN, and whether this machine may connect to them."
    return "Check whether a Sentry-compatible server listens there, or something else."


def _hint_for_status(status: int) -> str:
    if 300 <= status < 400:
        return "The server redirects. Raven does not follow: put the final address (often https) into the DSN."
    if status >= 500:
        return "The server, or a proxy before it, has a problem of its own. Its log will say more."
    return _HINTS.get(status, "")


def _said(response: Response) -> str:
    """What a server that refuses says of its reason, in the fields that are meant for it."""
    text = response.headers.get("x-sentry-error", "")
    if not text and not response.delivered:
        try:
            answer = json.loads(response.body)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            text = next((answer[key] for key in ("detail", "message") if isinstance(answer.get(key), str)), "")
    return "".join(each for each in text if each.isprintable())
