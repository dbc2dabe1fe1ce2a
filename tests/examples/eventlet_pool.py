"""Green threads of Eventlet, with its own version of a library in place of monkey-patches.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python eventlet_pool.py [URL ...]
"""

import sys

import eventlet
from eventlet.green.urllib.request import urlopen

from raven import Client
from raven.transport.eventlet import EventletHTTPTransport

client = Client(transport=EventletHTTPTransport)

NOBODY_LISTENS_HERE = "http://127.0.0.1:9/"


def fetch(url: str) -> None:
    try:
        with urlopen(url, timeout=10) as page:
            print(f"{url}: {len(page.read())} bytes")
    except OSError:
        client.capture_exception(extra={"url": url})


if __name__ == "__main__":
    pool = eventlet.GreenPool(10)
    for url in sys.argv[1:] or [NOBODY_LISTENS_HERE]:
        pool.spawn(fetch, url)
    pool.waitall()
    client.close()  # not needed, but it is the moment to deliver what is left by green threads
