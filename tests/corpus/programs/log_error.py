"""A delivery is late, which the program only logs, with what it knows as arguments."""

# trait: logging.error with arguments
# shows: delivery %s to %s is %d minutes late
# shows: Mill Lane
# shows: D-31
# shows: 45
# shows: logger=vans
# shows: level=error

import logging

log = logging.getLogger("vans")
PLANNED = {"D-31": ("Mill Lane", 8 * 60)}


def arrived(delivery):
    """Minutes after midnight."""
    return PLANNED[delivery][1] + 45


def check(delivery):
    street, planned = PLANNED[delivery]
    late = arrived(delivery) - planned
    if late > 30:
        log.error("delivery %s to %s is %d minutes late", delivery, street, late)


for name in PLANNED:
    check(name)
