"""An HTTP server on loopback that behaves as badly as a test wants.

    with Server(answer(response(500), response(200))) as server:
        send_two_requests_to(server.port)
        assert server.connections == 1
        assert server.requests[1].headers["content-type"] == "text/plain"

A `Behaviour` is a function that has one connection to itself, in a thread of its own. The first connection gets the first
behaviour that the server was given, the second the second, and the last one serves all that follow. `answer` is the one
that a good server has; what can follow a number of good answers is another behaviour:
`answer(response(), times=1, then=reset)`. Bytes are written as they are, so that anything can be said.

Leaving the `with` block closes every connection, ends every thread, and raises what a behaviour raised (but for OSError:
a client may hang up whenever it likes).
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

PATIENCE = 5.0
"""Seconds after which a wait has failed. Only a test that fails takes that long."""


@dataclass(frozen=True)
class Received:
    """A request as it came in. The names of `headers` are in lower case."""

    connection: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def response(status: int = 200, body: bytes = b"", /, **headers: str) -> bytes:
    """A whole answer. `Content-Length` is right unless it is given; underscores in names stand for hyphens."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if not any(name.lower() in ("content-length", "transfer-encoding") for name in names) and status != 204:
        names["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in names.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    """One piece of a body of `Transfer-Encoding: chunked`; the empty one is the last."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class Connection:
    """The server's end of one connection. What reads or writes raises OSError when the client has gone."""

    def __init__(self, server: Server, number: int, sock: socket.socket) -> None:
        self.number = number
        self.socket = sock
        self._server = server
        self._buffer = b""

    def read(self, most: int = 65_536) -> bytes:
        """Some bytes, at least one. Raises ConnectionError at the end."""
        data = self._buffer or self.socket.recv(most)
        self._buffer = data[most:]
        if not data:
            raise ConnectionError("the client has hung up")
        return data[:most]

    def head(self) -> Received:
        """The next request without its body, which is not read."""
        text = self.read()
        while b"\r\n\r\n" not in text:
            text += self.read()
        head, _, self._buffer = text.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Received(self.number, method, target, headers, b"")

    def request(self) -> Received:
        """The next request. It is added to the server's `requests`."""
        return self.body(self.head())

    def body(self, head: Received) -> Received:
        """The request of that head, which is added to the server's `requests`."""
        length = int(head.headers.get("content-length", "0"))
        body = bytearray()
        while len(body) < length:
            body += self.read()
        self._buffer = bytes(body[length:])
        whole = Received(head.connection, head.method, head.target, head.headers, bytes(body[:length]))
        self._server.note(lambda: self._server.requests.append(whole))
        return whole

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes, every: float) -> None:
        """A byte, a pause of `every` seconds, a byte, ..."""
        for value in data:
            self.write(bytes((value,)))
            self.pause(every)

    def pause(self, seconds: float) -> None:
        """Wait that long. Raises ConnectionError when the server is closed meanwhile."""
        if self._server.closing.wait(seconds):
            raise ConnectionError("the server is closed")

    def hold(self) -> None:
        """Keep the connection open and do nothing, until the server is closed."""
        self._server.closing.wait()

    def reset(self) -> None:
        """Close with RST in place of FIN. The client loses what it has not read yet."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Behaviour = Callable[[Connection], object]


def hang_up(connection: Connection) -> None:
    """Close, which is what happens at the end of every behaviour."""


def reset(connection: Connection) -> None:
    """RST at once."""
    connection.reset()


def reset_at_first_byte(connection: Connection) -> None:
    """RST as soon as something comes."""
    connection.read()
    connection.reset()


def silent(connection: Connection) -> None:
    """Never read and never write."""
    connection.hold()


def mute(connection: Connection) -> None:
    """Read a request, and say nothing."""
    connection.request()
    connection.hold()


def answer(*answers: bytes, times: int | None = None, then: Behaviour = hang_up) -> Behaviour:
    """Answer each request with the next of `answers` (then the last again and again; none is `response()`).

    After `times` exchanges, go on as `then` does.
    """
    given = answers or (response(),)

    def behave(connection: Connection) -> None:
        done = 0
        while times is None or done < times:
            connection.request()
            connection.write(given[min(done, len(given) - 1)])
            done += 1
        then(connection)

    return behave


def say(data: bytes, then: Behaviour = hang_up) -> Behaviour:
    """Read a request, write these bytes, whatever they are, and go on as `then` does."""
    return answer(data, times=1, then=then)


def dripping(start: bytes, rest: bytes, every: float = 0.05) -> Behaviour:
    """Read a request, write `start` at once and `rest` byte by byte."""

    def behave(connection: Connection) -> None:
        connection.request()
        connection.write(start)
        connection.drip(rest, every)

    return behave


def endless(start: bytes, piece: bytes) -> Behaviour:
    """Read a request, write `start`, and then `piece` for ever."""

    def behave(connection: Connection) -> None:
        connection.request()
        connection.write(start)
        while True:
            connection.write(piece)

    return behave


def early(data: bytes, then: Behaviour | None = None) -> Behaviour:
    """Answer after the head of a request, while its body is still being sent, and go on as `then` does.

    None is: read the body too, and serve the requests that follow.
    """

    def behave(connection: Connection) -> None:
        head = connection.head()
        connection.write(data)
        if then is None:
            connection.body(head)
        (then or answer())(connection)

    return behave


class Server:
    """A listening socket and a thread for each connection. `context` makes it speak TLS.

    `connections` counts those that were accepted, `requests` has those that were read to their end, and `handshakes`
    what became of each TLS handshake: None, or the error.
    """

    def __init__(self, *behaviours: Behaviour, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._behaviours = behaviours or (answer(),)
        self._context = context
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._sockets: list[socket.socket] = []
        self._changed = threading.Condition()
        self._faults: list[Exception] = []
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[Received] = []
        self.handshakes: list[Exception | None] = []
        self.closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept, name="test-server")]
        self._threads[0].start()

    def dsn(self, query: str = "", *, host: str | None = None, path: str = "") -> str:
        """A DSN that leads here. Its keys are words that occur nowhere else, so that a test can look for them."""
        scheme = "http" if self._context is None else "https"
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{scheme}://publickey:secretkey@{name}:{self.port}{path}/42{f'?{query}' if query else ''}"

    def wait_for(self, condition: Callable[[], object], timeout: float = PATIENCE) -> bool:
        """Wait until a condition holds that depends on what this server saw. Whether it came to hold."""
        with self._changed:
            return bool(self._changed.wait_for(condition, timeout))

    def note(self, change: Callable[[], object]) -> None:
        """Change what tests look at, and wake those who wait for it."""
        with self._changed:
            change()
            self._changed.notify_all()

    def close(self) -> None:
        """Close all connections and end all threads. Raises what a behaviour raised."""
        self.closing.set()
        shut(self._listener)
        self._threads[0].join(PATIENCE)
        for sock in self._sockets:
            shut(sock)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads), "a thread of the server doesn't end"
        if self._faults:
            raise self._faults[0]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed
            while not self.closing.is_set():
                sock, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(self.connections, sock), name="test-connection")
                self._sockets.append(sock)
                self._threads.append(thread)
                self.note(lambda: setattr(self, "connections", self.connections + 1))
                thread.start()

    def _serve(self, number: int, sock: socket.socket) -> None:
        try:
            if self._context is not None:
                sock = self._handshake(sock, self._context)
            self._behaviours[min(number, len(self._behaviours) - 1)](Connection(self, number, sock))
        except OSError:
            pass
        except Exception as fault:
            self._faults.append(fault)
        finally:
            sock.close()

    def _handshake(self, sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        sock.settimeout(PATIENCE)
        wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        try:
            wrapped.do_handshake()
        except OSError as error:
            failure = error
            self.note(lambda: self.handshakes.append(failure))
            wrapped.close()
            raise
        wrapped.settimeout(None)
        self._sockets.append(wrapped)
        if self.closing.is_set():
            shut(wrapped)
        self.note(lambda: self.handshakes.append(None))
        return wrapped


def shut(sock: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    """End both directions, or one. Not by the method of an SSLSocket, which would disturb its reader."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as twin:
        twin.shutdown(how)


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port that connections are made to in vain: nobody accepts them, and the line is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        while True:
            caller = stack.enter_context(socket.socket())
            caller.settimeout(0.05)
            try:
                caller.connect(listener.getsockname())
            except TimeoutError:
                break
        yield listener.getsockname()[1]


def refusing_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
