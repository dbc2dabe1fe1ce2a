"""What arrived at the server: how many events, and how large they were."""

from __future__ import annotations

import time
import zlib
from collections import deque

from work import LINE, LOCAL, MARKER

MOST_WAITING = 120_000
"""Requests that wait to be unpacked, at most."""

_BATCHES = (b"/v1/logs", b"/intake/")
"""Where requests go that may have several events: OpenTelemetry's and elastic-apm's."""


class Tally:
    """What arrived."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bytes, bytes]] = deque()
        self._arrivals: dict[int, float] = {}
        self._cpu = time.process_time()
        self._counts = dict.fromkeys(
            ("requests", "requests_with_events", "repeated", "wire", "plain", "connections"), 0
        )
        self._sample: dict[str, object] = {}

    def connected(self) -> None:
        """There is a new connection."""
        self._counts["connections"] += 1

    def add(self, head: bytes, body: bytes) -> None:
        """A request arrived, just now."""
        self._counts["requests"] += 1
        self._waiting.append((time.monotonic(), head, body))
        if len(self._waiting) > MOST_WAITING:
            self._unpack(*self._waiting.popleft())

    def result(self) -> dict[str, object]:
        """`delivered` events, by their distinct markers, with the moment of each one's arrival; `repeated` is how many came
        again. `wire` is the bytes of the requests that had events, `plain` those of their bodies when unpacked. `sample`
        is what the first such request had.
        """
        seconds = time.process_time() - self._cpu
        while self._waiting:
            self._unpack(*self._waiting.popleft())
        cpu = seconds / max(1, self._counts["requests"])
        arrivals = sorted(self._arrivals.items())
        return {**self._counts, "delivered": len(arrivals), "arrivals": arrivals, "cpu": cpu, "sample": self._sample}

    def _unpack(self, moment: float, head: bytes, body: bytes) -> None:
        plain = _plain(body)
        markers = {int(number) for number in MARKER.findall(plain)}
        if not markers:
            return
        if not any(path in head for path in _BATCHES):
            markers = {max(markers)}  # the others are of earlier events, in its breadcrumbs
        self._counts["requests_with_events"] += 1
        self._counts["wire"] += len(head) + len(body)
        self._counts["plain"] += len(plain)
        for marker in markers:
            if marker in self._arrivals:
                self._counts["repeated"] += 1
            else:
                self._arrivals[marker] = moment
        if not self._sample:
            self._sample = {
                "events": len(markers),
                "locals": len(set(LOCAL.findall(plain))),
                "lines": len(LINE.findall(plain)) // len(markers),
                "body": len(body),
                "zlib6": len(zlib.compress(plain, 6)),
                "head": head.decode("latin-1"),
            }


def _plain(body: bytes) -> bytes:
    """The body, unpacked if it is packed in one of the ways that clients use by default."""
    try:
        # Either header is accepted. Whatever is neither fails at its first bytes.
        return zlib.decompress(body, zlib.MAX_WBITS | 32)
    except zlib.error:
        return body
