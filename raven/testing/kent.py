"""A Kent (a fake Sentry that keeps the last 100 payloads in memory) on loopback, for tests."""

from __future__ import annotations

import contextlib
import sys
import uuid
from collections.abc import Iterator
from typing import Any

from .process import LocalServer

# What `kent-server run` does, except that the listening socket is given.
_SERVE = """
import sys
from kent.app import create_app
from werkzeug.serving import make_server
make_server("127.0.0.1", 0, create_app(), threaded=True, fd=int(sys.argv[1])).serve_forever()
"""


class Kent(LocalServer):
    """A real Kent, thrown away afterwards.

    It parses the store and the envelope form, checks nothing, knows no users, and closes the
    connection after each answer.
    """

    name = "Kent"
    extra = "test"
    packages = ("kent", "werkzeug")
    ready_path = "/api/eventlist/"

    @property
    def dsn(self) -> str:
        """DSN of project 1. Raises ServerError when not started."""
        return self.url.replace("://", "://public@") + "/1"

    def events(self) -> list[str]:
        """Ids (32 hex digits) of the events it keeps, oldest first."""
        self._check_alive()
        return [event_id for event_id, _ in self._payloads() if event_id]

    def clear(self) -> None:
        """Forget all payloads."""
        self._check_alive()
        self._json("POST", "/api/flush/")

    def _command(self, listener: int) -> list[str]:
        return [sys.executable, "-c", _SERVE, str(listener)]

    def _find(self, event_id: str) -> dict[str, Any] | None:
        return next((body for found, body in self._payloads() if found == event_id), None)

    def _payloads(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All that is an event: its id and the event. Kent itself numbers payloads with ids of its own."""
        for row in self._json("GET", self.ready_path)["events"]:
            payload = self._json("GET", f"/api/event/{row['event_id']}")["payload"]
            body = payload["body"]
            header = payload["header"] or {"type": "event"}  # the store form has no headers
            if header.get("type") == "event" and isinstance(body, dict):
                envelope = payload["envelope_header"] or {}
                yield _normal(body.get("event_id") or envelope.get("event_id")), body


def _normal(event_id: object) -> str:
    """`event_id` as 32 hex digits; empty when it is no such id."""
    with contextlib.suppress(ValueError):
        return uuid.UUID(str(event_id)).hex
    return ""
