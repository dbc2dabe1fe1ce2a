"""A stock is negative, which is logged with the stack, to see who has made it so."""

# trait: logging.error with stack_info
# shows: stock of rye is -3, was 2
# shows: function=book
# shows: function=correct
# shows: function=nightly
# shows: before=2
# shows: logger=stock

import logging

log = logging.getLogger("stock")
STOCK = {"rye": 2}


def book(kind, change):
    before = STOCK[kind]
    STOCK[kind] += change
    if STOCK[kind] < 0:
        log.error(f"stock of {kind} is {STOCK[kind]}, was {before}", stack_info=True)


def correct(kind, counted):
    book(kind, counted - 7)


def nightly():
    for kind in list(STOCK):
        correct(kind, STOCK[kind])


nightly()
