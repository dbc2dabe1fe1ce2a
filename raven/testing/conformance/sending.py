"""Send through a sink alone, with no stages above it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

import pytest

from raven.errors import SendError
from raven.request import Request, Response
from raven.runtimes import Runtime
from raven.sinks.http import HTTPSink
from raven.testing import fake_context
from raven.testing.conformance.transports import SINKS, home_of

TIMEOUT = 5.0
"""Seconds for an attempt whose time isn't what is tested."""
SHORT = 0.3
"""Seconds for an attempt that is to end at its deadline."""
LATE = 0.3
"""Seconds by which an attempt may miss its deadline."""

AUTH = {"X-Sentry-Auth": "Sentry sentry_version=7, sentry_key=publickey, sentry_secret=secretkey"}
SECRETS = ("publickey", "secretkey", "prefix", "/42", "bodytext", "answertext", "proxyuser", "proxypassword")


class Sender:
    """A bound sink. `kind` is what it is made of if none is given; the fixture of that name sets it."""

    kind: ClassVar[type[HTTPSink]] = SINKS[0]

    def __init__(self, dsn: str, sink: HTTPSink | None = None, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        given = sink or self.kind()

        def bind() -> tuple[Runtime, Any]:
            runtime = given.runtime()
            return runtime, given.bind(fake_context(runtime, dsn))

        self._runtime, self.bound = home_of(given).call(bind)

    def post(self, body: bytes = b"bodytext", timeout: float | None = None) -> Response:
        """Send, and return what the server answers. Raises a `SendError`."""
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        return self.send(Request("0" * 32, body=body, headers=AUTH, endpoint="envelope", deadline=deadline))

    def send(self, request: Request) -> Response:
        """Send any request. From any thread."""
        response: Response = self._runtime.run(partial(self.bound, request))
        return response

    def fail(self, body: bytes = b"bodytext", timeout: float | None = None) -> SendError:
        """Send in vain, and return what was raised, after a look for secrets in it."""
        with pytest.raises(SendError) as raised:
            self.post(body, timeout)
        error = raised.value
        text = f"{error} {error!r}"
        assert not [secret for secret in SECRETS if secret in text]
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        return error

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.bound.close()


@contextmanager
def ends_after(seconds: float) -> Iterator[None]:
    """The block ends at that time: not much later, and not without having waited."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert seconds * 0.9 <= took <= seconds + LATE, f"it took {took:.2f} s"
