"""The clients that are measured, each with its default settings, behind one interface.

    client = start("sentry-sdk", port, {})
    client.message("The oven has gone out")
    client.exception(error)
    await client.settle(sleep)  # until nothing is under way any more

This module is imported in each client's own environment, where only that client is installed. `settle` blocks, but in those
programs whose event loop must go on: there it awaits, or blocks a greenlet. `sleep` is how the program waits.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable
from importlib import import_module, metadata
from typing import Any, Protocol

Sleep = Callable[[float], Awaitable[object]]
PATIENCE = 60.0
"""Seconds to settle, at most."""


class Client(Protocol):
    """A client at work."""

    package: str

    def message(self, text: str) -> object:
        """Capture a message."""

    def exception(self, error: Exception) -> object:
        """Capture an exception."""

    def settle(self, sleep: Sleep) -> Awaitable[object]:
        """Wait until all that was captured is delivered, or lost."""


class Raven:
    """This checkout's. `transport` is a module of `raven.transport`; what else is given are its options."""

    package = "raven"

    def __init__(self, port: int, transport: str = "threaded", **options: object) -> None:
        from raven import Client

        module = import_module(f"raven.transport.{transport}")
        query = "&".join(f"{name}={value}" for name, value in options.items())
        name = SPOOLED.get(transport) or TRANSPORTS[transport]
        client = Client(f"http://public@127.0.0.1:{port}/1?{query}", getattr(module, name))
        self.message = client.capture_message
        self.exception = client.capture_exception
        self._client = client
        self._awaits = transport in ("asyncio", "tornado", "twisted")

    async def settle(self, sleep: Sleep) -> object:
        return await self._client.aflush(PATIENCE) if self._awaits else self._client.flush(PATIENCE)


TRANSPORTS = {
    "threaded": "ThreadedHTTPTransport",
    "http": "HTTPTransport",
    "requests": "RequestsHTTPTransport",
    "threaded_requests": "ThreadedRequestsHTTPTransport",
    "gevent": "GeventedHTTPTransport",
    "eventlet": "EventletHTTPTransport",
    "asyncio": "AsyncioHTTPTransport",
    "tornado": "TornadoHTTPTransport",
    "twisted": "TwistedHTTPTransport",
}
"""Names of modules, and the transports that are in them; raven 6.10 has all but asyncio's."""
SPOOLED = {"spooled": "SpooledHTTPTransport"}
"""The one that needs a folder."""


class Raven6:
    """raven-python 6.10. It has no flush, so the requests that its transport begins and ends are counted."""

    package = "raven"

    def __init__(self, port: int, transport: str = "threaded") -> None:
        from raven import Client

        module = import_module(f"raven.transport.{transport}")
        client = Client(f"http://public:secret@127.0.0.1:{port}/1", transport=getattr(module, TRANSPORTS[transport]))
        self.message = client.captureMessage
        self._capture = client.captureException
        self._under_way = 0
        at_work = client.remote.get_transport()
        if hasattr(at_work, "async_send"):
            at_work.async_send = self._counting(at_work.async_send)
        elif transport == "eventlet":  # it tells nobody when a request ends
            at_work.send = self._beginning(at_work.send)
            at_work._send_payload = self._ending(at_work._send_payload)

    def exception(self, error: Exception) -> object:
        return self._capture(exc_info=(type(error), error, error.__traceback__))

    async def settle(self, sleep: Sleep) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._under_way > 0 and time.monotonic() < deadline:
            await sleep(0.001)

    def _counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def send(url: Any, data: Any, headers: Any, succeeded: Callable[..., Any], failed: Callable[..., Any]) -> Any:
            return begin(url, data, headers, self._ending(succeeded), self._ending(failed))

        begin = self._beginning(function)
        return send

    def _beginning(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def begin(*arguments: Any) -> Any:
            self._under_way += 1
            try:
                return function(*arguments)
            except BaseException:
                self._under_way -= 1
                raise

        return begin

    def _ending(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def end(*arguments: Any) -> Any:
            self._under_way -= 1
            return function(*arguments)

        return end


class SentrySdk:
    """sentry-sdk 2."""

    package = "sentry-sdk"

    def __init__(self, port: int) -> None:
        import sentry_sdk

        sentry_sdk.init(f"http://public@127.0.0.1:{port}/1")
        self._flush = sentry_sdk.flush
        self.message = sentry_sdk.capture_message
        self.exception = sentry_sdk.capture_exception

    async def settle(self, sleep: Sleep) -> None:
        self._flush(PATIENCE)


class Bugsnag:
    """bugsnag. It has no messages, so an exception without a traceback stands for one."""

    package = "bugsnag"

    def __init__(self, port: int) -> None:
        import bugsnag

        address = f"http://127.0.0.1:{port}"
        bugsnag.configure(api_key="0" * 32, endpoint=address, session_endpoint=address, auto_capture_sessions=False)
        self.exception = bugsnag.notify
        self._flush = bugsnag.legacy.default_client.flush

    def message(self, text: str) -> object:
        return self.exception(Exception(text))

    async def settle(self, sleep: Sleep) -> None:
        self._flush(int(PATIENCE * 1e3))


class Rollbar:
    """rollbar."""

    package = "rollbar"

    def __init__(self, port: int) -> None:
        import rollbar

        rollbar.init("0" * 32, "production", endpoint=f"http://127.0.0.1:{port}/api/1/")
        self.message = rollbar.report_message
        self._report = rollbar.report_exc_info
        self._wait = rollbar.wait

    def exception(self, error: Exception) -> object:
        return self._report((type(error), error, error.__traceback__))

    async def settle(self, sleep: Sleep) -> None:
        self._wait()


class ElasticApm:
    """elastic-apm."""

    package = "elastic-apm"

    def __init__(self, port: int) -> None:
        import elasticapm

        client = elasticapm.Client(
            service_name="bakery",
            server_url=f"http://127.0.0.1:{port}",
            central_config=False,
            cloud_provider="none",
            metrics_interval="0s",
        )
        self.message = client.capture_message
        self._capture = client.capture_exception
        self._flush = client._transport.flush

    def exception(self, error: Exception) -> object:
        return self._capture(exc_info=(type(error), error, error.__traceback__))

    async def settle(self, sleep: Sleep) -> None:
        self._flush()


class OpenTelemetry:
    """OpenTelemetry's SDK, with a log record for each event, and its HTTP exporter."""

    package = "opentelemetry-exporter-otlp-proto-http"

    def __init__(self, port: int) -> None:
        from opentelemetry._logs import SeverityNumber
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

        provider = LoggerProvider()
        exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{port}/v1/logs")
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        self._emit = provider.get_logger("bakery").emit
        self._severity = SeverityNumber.ERROR
        self._flush = provider.force_flush

    def message(self, text: str) -> object:
        return self._emit(timestamp=time.time_ns(), severity_number=self._severity, body=text)

    def exception(self, error: Exception) -> object:
        return self._emit(timestamp=time.time_ns(), severity_number=self._severity, body=str(error), exception=error)

    async def settle(self, sleep: Sleep) -> None:
        self._flush(int(PATIENCE * 1e3))


class RawSocket:
    """No client: sockets, as many as Raven has, and bytes that are there already. No client can be faster."""

    package = ""

    def __init__(self, port: int) -> None:
        body = b'{"event_id":"%s","level":"error","message":"%%s"}' % (b"0" * 32) + b"\n" * 1_950
        head = b"POST /api/1/envelope/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
        self._head, self._body = head, body
        self._idle = deque(socket.create_connection(("127.0.0.1", port)) for _ in range(8))
        self._busy: deque[socket.socket] = deque()

    def message(self, text: str) -> object:
        if not self._idle:
            self._answered()
        connection, body = self._idle.popleft(), self._body % text.encode()
        self._busy.append(connection)
        return connection.sendall(self._head % len(body) + body)

    def exception(self, error: Exception) -> object:
        return self.message(str(error))

    async def settle(self, sleep: Sleep) -> None:
        while self._busy:
            self._answered()

    def _answered(self) -> None:
        connection = self._busy.popleft()
        assert connection.recv(65_536)
        self._idle.append(connection)


CLIENTS: dict[str, Callable[..., Client]] = {
    "raw sockets": RawSocket,
    "raven": Raven,
    "raven 6.10": Raven6,
    "sentry-sdk": SentrySdk,
    "bugsnag": Bugsnag,
    "rollbar": Rollbar,
    "elastic-apm": ElasticApm,
    "opentelemetry": OpenTelemetry,
}


def start(name: str, port: int, options: dict[str, Any]) -> Client:
    """Import a client and start it."""
    return CLIENTS[name](port, **options)


def version(client: Client) -> str:
    """Of its package, if it has one."""
    return metadata.version(client.package) if client.package else ""
