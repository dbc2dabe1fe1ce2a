"""A cold store is too warm, which is logged as critical, with a dict as the only argument."""

# trait: logging.critical with a dict of arguments
# shows: %(place)s is at %(degrees).1f
# shows: cold store 2
# shows: level=fatal
# shows: logger=cooling
# shows: 11.5

import logging

log = logging.getLogger("cooling")
MEASURED = {"cold store 1": 3.5, "cold store 2": 11.5}


def check(place):
    degrees = MEASURED[place]
    if degrees > 8:
        log.critical("%(place)s is at %(degrees).1f", {"place": place, "degrees": degrees})


for name in MEASURED:
    check(name)
