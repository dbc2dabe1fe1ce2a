"""Greenlets, in a program that is not monkey-patched. Greenlets deliver, too: they let others work while they wait.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python gevent_workers.py
"""

import gevent
from gevent.pool import Pool

from raven import Client
from raven.transport.gevent import GeventedHTTPTransport

client = Client(transport=GeventedHTTPTransport)

ORDERS = ["3", "four", "5"]


def pack(order: str) -> None:
    with client.context(tags={"order": order}):
        try:
            gevent.sleep(int(order) / 100)
        except ValueError:
            client.capture_exception()


if __name__ == "__main__":
    pool = Pool(10)
    for order in ORDERS:
        pool.spawn(pack, order)
    pool.join()
    client.close()  # not needed, but it is the moment to deliver what is left by greenlets
