"""A web application whose handler fails. Visit it, and the event is on its way before the answer.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python tornado_web.py [PORT]
"""

import asyncio
import signal
import sys
from types import TracebackType

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from raven import Client
from raven.transport.tornado import TornadoHTTPTransport


class Handler(RequestHandler):
    """What all handlers of the application derive from."""

    def log_exception(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().log_exception(kind, error, trace)
        if not isinstance(error, HTTPError) or error.status_code >= 500:
            request = {"url": self.request.full_url(), "method": self.request.method}
            self.settings["client"].capture_exception(error, request=request)


class Order(Handler):
    async def get(self) -> None:
        boxes = int(self.get_query_argument("boxes", "four"))
        self.write(f"{boxes} boxes\n")


async def main(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Client(transport=TornadoHTTPTransport) as client:  # at its end, `await client.aclose()`
        server = HTTPServer(Application([("/", Order)], client=client))
        sockets = bind_sockets(port, "127.0.0.1")
        server.add_sockets(sockets)
        print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/", flush=True)
        await stop.wait()
        server.stop()
        await server.close_all_connections()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
