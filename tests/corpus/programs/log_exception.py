"""A charge fails; the program handles that by a log line with the exception and some extra facts, and goes on."""

# trait: logging.exception with extra facts
# shows: could not charge order %s
# shows: 1209
# shows: type=ConnectionError
# shows: value=gateway 2 is closed
# shows: gateway_region
# shows: eu-south
# shows: function=charge
# shows: cents=4500
# shows: logger=billing.cards
# shows: level=error

import logging

log = logging.getLogger("billing.cards")
ORDERS = {1209: 45}


def connect(gateway):
    raise ConnectionError(f"gateway {gateway} is closed")


def charge(order, gateway):
    cents = ORDERS[order] * 100
    connect(gateway)
    return cents


def job(region):
    for order in ORDERS:
        try:
            charge(order, 2)
        except ConnectionError:
            log.exception("could not charge order %s", order, extra={"gateway_region": f"eu-{region}"})


job("south")
