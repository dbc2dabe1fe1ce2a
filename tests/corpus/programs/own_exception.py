"""A bakery sells bread that it no longer has, and says so by an exception class of its own."""

# trait: exception class of the program's own
# shows: type=SoldOut
# shows: module=__main__
# shows: value=only 2 of 12 rye left, 5 wanted
# shows: left=2
# shows: kind='rye'

SHELF = {"rye": (12, 10), "wheat": (30, 4)}  # baked, sold


class SoldOut(Exception):
    """There is less of a kind than a customer wants."""


def sell(kind, wanted):
    baked, sold = SHELF[kind]
    left = baked - sold
    if wanted > left:
        raise SoldOut(f"only {left} of {baked} {kind} left, {wanted} wanted")
    return left - wanted


for line in "wheat 3\nrye 5".splitlines():
    name, count = line.split()
    sell(name, int(count))
