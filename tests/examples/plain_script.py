"""A script that waits for the delivery of each event: there is no thread, and nothing is left to do at exit.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python plain_script.py
"""

from raven import Client
from raven.transport.http import HTTPTransport

client = Client(transport=HTTPTransport)

ORDERS = {"Ada": "3", "Grace": "four", "Edsger": "5"}


def boxes_of(order: str) -> int:
    return int(order)


if __name__ == "__main__":
    boxes = 0
    for customer, order in ORDERS.items():
        try:
            boxes += boxes_of(order)
        except ValueError:
            client.capture_exception(tags={"customer": customer})
    print(f"{boxes} boxes are to be packed")
