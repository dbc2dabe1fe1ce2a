"""A server on loopback that costs next to nothing, and counts what it is sent.

    with Server() as server:
        send_to(server.port)
        print(server.tally()["delivered"])

It runs in a process of its own: one thread, epoll, no framework. It takes any request on any path, answers it at once (or
`delay` seconds later, for many connections at a time, without being busier for it), and keeps connections open. An event
counts if the marker that `work.py` put into it arrived, whatever the protocol. The unpacking is done after the run or, when
many wait for it, a little with each request.
"""

from __future__ import annotations

import gc
import json
import re
import select
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from tally import Tally

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"


class Server:
    """The process, seen from outside. `port` is where it listens."""

    def __init__(self) -> None:
        command = [sys.executable, "-S", __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._ask(do="begin", delay=0.0)["port"])

    def begin(self, delay: float = 0.0) -> None:
        """Forget what was counted, listen, and answer `delay` seconds after a request."""
        self._ask(do="begin", delay=delay)

    def stop_listening(self) -> None:
        """Refuse connections, and close those that are open, until the next `begin`."""
        self._ask(do="stop")

    def tally(self) -> dict[str, Any]:
        """What was counted since `begin`; see `Tally.result`."""
        return self._ask(do="tally")

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def _ask(self, **question: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class _Serving:
    """The process, from inside."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._listener: socket.socket | None = None
        self._address = ("127.0.0.1", 0)
        self._open: dict[int, tuple[socket.socket, bytearray]] = {}
        self._due: deque[tuple[float, int, socket.socket]] = deque()
        self._delay = 0.0
        self._tally = Tally()

    def run(self) -> None:
        """Serve until stdin ends."""
        stdin, opened, due = sys.stdin.fileno(), self._open, self._due
        while True:
            wait = max(0.0, due[0][0] - time.monotonic()) if due else -1
            for descriptor, _ in self._epoll.poll(wait):
                if descriptor in opened:
                    self._read(descriptor)
                elif descriptor == stdin:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    print(json.dumps(self._obey(**json.loads(line))), flush=True)
                elif self._listener is not None and descriptor == self._listener.fileno():
                    self._accept()
            now = time.monotonic()
            while due and due[0][0] <= now:
                _, descriptor, connection = due.popleft()
                if descriptor in opened and opened[descriptor][0] is connection:
                    self._answer(descriptor)

    def _obey(self, do: str, delay: float = 0.0) -> dict[str, object]:
        if do == "tally":
            return self._tally.result()
        if do == "stop":
            self._stop()
            return {}
        self._delay = delay
        self._tally = Tally()
        if self._listener is None:
            self._listener = socket.create_server(self._address, backlog=1024)
            self._listener.setblocking(False)
            self._address = self._listener.getsockname()
            self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        return {"port": self._address[1]}

    def _stop(self) -> None:
        if self._listener is not None:
            self._epoll.unregister(self._listener.fileno())
            self._listener.close()
            self._listener = None
        for descriptor in tuple(self._open):
            self._hang_up(descriptor)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tally.connected()
        self._open[connection.fileno()] = (connection, bytearray())
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        connection, buffer = self._open[descriptor]
        try:
            data = connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up(descriptor)
            return
        buffer += data
        while descriptor in self._open and (end := buffer.find(b"\r\n\r\n") + 4) > 3:
            whole = _end_of_body(buffer, end)
            if whole is None:
                return
            head, body = bytes(buffer[:end]), bytes(buffer[end:whole])
            del buffer[:whole]
            self._tally.add(head, body)
            if self._delay:
                self._due.append((time.monotonic() + self._delay, descriptor, connection))
            else:
                self._answer(descriptor)

    def _answer(self, descriptor: int) -> None:
        try:
            self._open[descriptor][0].send(ANSWER)
        except OSError:
            self._hang_up(descriptor)

    def _hang_up(self, descriptor: int) -> None:
        connection, _ = self._open.pop(descriptor)
        self._epoll.unregister(descriptor)
        connection.close()


def _end_of_body(buffer: bytearray, head: int) -> int | None:
    """Where the request ends whose head ends there; None if it isn't all here."""
    length = _LENGTH.search(buffer, 0, head)
    if length is not None:
        end = head + int(length[1])
        return end if len(buffer) >= end else None
    if _CHUNKED.search(buffer, 0, head) is None:
        return head
    last = buffer.find(_LAST_CHUNK, head)
    return None if last < 0 else last + len(_LAST_CHUNK)


if __name__ == "__main__":
    gc.disable()  # nothing here is cyclic, and the requests are many
    _Serving().run()
