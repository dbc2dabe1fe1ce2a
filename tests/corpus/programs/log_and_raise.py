"""An exception is logged where it happens and then goes on to end the program: one failure, told twice."""

# trait: the same exception logged and then uncaught
# events: 1
# shows: type=LookupError
# shows: value=no oven 9
# shows: oven=9
# shows: function=preheat

import logging

log = logging.getLogger("ovens")
OVENS = {1: "deck", 2: "rack"}


def preheat(oven):
    if oven not in OVENS:
        raise LookupError(f"no oven {oven}")
    return OVENS[oven]


def morning(ovens):
    for oven in ovens:
        try:
            preheat(oven)
        except LookupError:
            log.exception("preheating failed")
            raise


morning([1, 3**2])
