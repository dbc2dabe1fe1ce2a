"""A web server on Twisted's reactor, whose handler fails. All failures that Twisted logs are captured.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python twisted_server.py [PORT]
"""

import sys
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, globalLogPublisher
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from raven import Client
from raven.transport.twisted import TwistedHTTPTransport

client = Client(transport=TwistedHTTPTransport)


def capture(event: LogEvent) -> None:
    """An observer of Twisted's log."""
    if "log_failure" in event:
        client.capture_exception(event["log_failure"].value, logger=event["log_namespace"])


class Order(Resource):
    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        boxes = int(request.args.get(b"boxes", [b"four"])[0])
        return b"%d boxes\n" % boxes


def serve(reactor: Any, port: int) -> None:
    globalLogPublisher.addObserver(capture)
    # The reactor waits for this before it stops.
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(client.aclose()))
    listening = reactor.listenTCP(port, Site(Order()), interface="127.0.0.1")
    print(f"http://127.0.0.1:{listening.getHost().port}/", flush=True)
    reactor.run()


if __name__ == "__main__":
    serve(reactor, int(sys.argv[1]) if len(sys.argv) > 1 else 8880)
