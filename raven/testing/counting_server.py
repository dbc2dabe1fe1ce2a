"""A fast HTTP server on loopback that counts the events it is sent, however many.

    with CountingServer() as server:
        client = Client(server.dsn)
        event_id = client.capture_message("hello")
        client.close()
        assert server.counts == {event_id: 1}

It takes envelopes and store bodies in every encoding, keeps connections open, and has a thread for each. What it answers,
and how soon, is the test's to say. An event counts as soon as the server has read it, before the answer.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import brotli
import zstandard

PATIENCE = 20.0
"""Seconds after which a wait has failed. Only a test that fails takes that long."""

Answer = int | Literal["close", "take and close"]
"""A status, 2xx of which mean that the event is taken; or to hang up, before the event is taken or after it."""


@dataclass(frozen=True)
class Received:
    """One event that was taken: `connection` counts from 0, `peer` is the client's address, `event` its JSON."""

    event_id: str
    connection: int
    peer: tuple[str, int]
    endpoint: str
    encoding: str
    event: bytes

    def json(self) -> dict[str, Any]:
        """The event."""
        event: dict[str, Any] = json.loads(self.event)
        return event


class CountingServer:
    """`answers` gives the answer to each event, by its number from 0. With `tls` the server speaks HTTPS. `reports`
    has what clients told of events that they have dropped; these are always taken.
    It listens on `port`, or on any that is free.
    """

    def __init__(
        self, answers: Callable[[int], Answer] = lambda number: 200, *, tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self._answers = answers
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._released = threading.Event()
        self._released.set()
        self._failures: list[BaseException] = []
        self.delay = 0.0
        self.received: list[Received] = []
        self.reports: list[dict[str, Any]] = []
        self.requests = 0
        self.connections = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def dsn(self) -> str:
        """A DSN of one of its projects. Every other is served as well. Its keys occur nowhere else."""
        return f"{'https' if self._tls else 'http'}://publickey:secretkey@127.0.0.1:{self.port}/1"

    @property
    def counts(self) -> Counter[str]:
        """How often each event was taken."""
        return Counter(each.event_id for each in tuple(self.received))

    def peers(self, *event_ids: str) -> set[tuple[str, int]]:
        """The clients' ends of the connections on which these events came."""
        return {each.peer for each in tuple(self.received) if each.event_id in event_ids}

    def hold(self) -> None:
        """Answer nothing from now on. What is sent is read, and counts."""
        self._released.clear()

    def release(self) -> None:
        """Give all the answers that were held, and hold none any more."""
        self._released.set()

    def wait_for(self, count: int) -> None:
        """Wait until that many events have been taken."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.received) >= count, PATIENCE):
                raise AssertionError(f"{len(self.received)} events came, and not {count}")

    def __enter__(self) -> CountingServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # accept() does not notice a mere close()
        with self._changed:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in tuple(self._threads):
            thread.join(PATIENCE)
        self._listener.close()
        if self._failures and error is None:
            raise self._failures[0]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, peer = self._listener.accept()
            except OSError:
                return
            with self._changed:
                number = self.connections
                self.connections += 1
                self._open.add(sock)
            if self._stopping:
                self._hang_up(sock)
                return
            self._start(self._serve, sock, number, peer)

    def _serve(self, sock: socket.socket, number: int, peer: tuple[str, int]) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._tls is not None:
                with self._changed:
                    self._open.discard(sock)
                sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                with self._changed:
                    self._open.add(sock)
                sock.do_handshake()
            with sock.makefile("rb", buffering=65_536) as stream:
                while (request := _read(stream)) is not None and self._answer(sock, number, peer, *request):
                    pass
        except OSError:  # a client may go away whenever it likes
            pass
        except BaseException as error:
            self._failures.append(error)
        finally:
            self._hang_up(sock)

    def _answer(
        self, sock: socket.socket, number: int, peer: tuple[str, int], endpoint: str, encoding: str, body: bytes
    ) -> bool:
        kind, event_id, event = _unpack(endpoint, _DECODERS[encoding](body))
        with self._changed:
            if kind == "client_report":
                answer: Answer = 200
                self.reports.append(json.loads(event))
            else:
                answer = self._answers(self.requests)
                self.requests += 1
            taken = answer == "take and close" or (isinstance(answer, int) and 200 <= answer < 300)
            if taken and kind == "event":
                self.received.append(Received(event_id, number, peer, endpoint, encoding, event))
            self._changed.notify_all()
        if not isinstance(answer, int):
            return False
        self._released.wait()
        if self.delay:
            self._stalled(self.delay)
        sock.sendall(b"HTTP/1.1 %d Counted\r\nContent-Length: 2\r\n\r\n{}" % answer)
        return True

    def _stalled(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def _hang_up(self, sock: socket.socket) -> None:
        with self._changed:
            self._open.discard(sock)
        sock.close()


def _read(stream: Any) -> tuple[str, str, bytes] | None:
    """One request: its endpoint, the encoding of its body, and the body. None when there are no more."""
    line = stream.readline()
    if not line:
        return None
    endpoint = line.split()[1].rstrip(b"/").rpartition(b"/")[2].decode()
    length, encoding = 0, "none"
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"content-length":
            length = int(value)
        elif name == b"content-encoding":
            encoding = value.strip().decode()
    body = stream.read(length)
    return (endpoint, encoding, body) if len(body) == length else None


def _unpack(endpoint: str, body: bytes) -> tuple[str, str, bytes]:
    """What it is, its id, and its JSON."""
    if endpoint == "store":
        return "event", str(json.loads(body)["event_id"]), body
    header, item, event = body.split(b"\n", 2)
    about = json.loads(item)
    length = about["length"]
    assert event[length:] == b"\n", "there is more than one item"
    return about["type"], str(json.loads(header).get("event_id", "")), event[:length]


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": lambda body: zlib.decompress(body, zlib.MAX_WBITS | 16),
    "deflate": zlib.decompress,
    "br": lambda body: bytes(brotli.decompress(body)),
    "zstd": lambda body: bytes(zstandard.ZstdDecompressor().decompressobj().decompress(body)),
}
