"""Greenlets that fetch pages, in a program that gevent has monkey-patched. That comes before all other imports.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python gevent_patched.py [URL ...]
"""

from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402
import sys
from urllib.request import urlopen

from gevent.pool import Pool

from raven import Client
from raven.transport.gevent import GeventedHTTPTransport

client = Client(transport=GeventedHTTPTransport)

NOBODY_LISTENS_HERE = "http://127.0.0.1:9/"


def fetch(url: str) -> None:
    try:
        with urlopen(url, timeout=10) as page:
            print(f"{url}: {len(page.read())} bytes")
    except OSError:
        client.capture_exception(extra={"url": url})


if __name__ == "__main__":
    pool = Pool(10)
    for url in sys.argv[1:] or [NOBODY_LISTENS_HERE]:
        pool.spawn(fetch, url)
    pool.join()
    client.close()  # not needed, but it is the moment to deliver what is left by greenlets
