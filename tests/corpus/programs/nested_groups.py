"""A sync of two shops fails in both: groups inside a group, and a cause inside one of those."""

# trait: nested exception groups with causes
# shows: sync failed in 2 shops
# shows: shop north
# shows: shop south
# shows: type=StockError
# shows: value=stock of rye is unknown
# shows: value='rye'
# shows: value=till 7 is closed
# shows: till=7

import sys

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


class StockError(Exception):
    """The stock is not what it should be."""


def count(kind, stock):
    try:
        return stock[kind]
    except KeyError as error:
        raise StockError(f"stock of {kind} is unknown") from error


def cash_up(till):
    raise ValueError(f"till {till} is closed")


def sync(shop, *steps):
    errors = []
    for step, *arguments in steps:
        try:
            step(*arguments)
        except (StockError, ValueError) as error:
            errors.append(error)
    return ExceptionGroup(f"shop {shop}", errors)


def sync_all():
    todo = {"north": [(count, "rye", {"wheat": 4}), (cash_up, 3 + 4)], "south": [(cash_up, 2)]}
    raise ExceptionGroup(f"sync failed in {len(todo)} shops", [sync(shop, *steps) for shop, steps in todo.items()])


sync_all()
