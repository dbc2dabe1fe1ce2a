"""A category of the shop is its own parent, so the way up to the root never ends."""

# trait: recursion, thousands of frames deep
# shows: type=RecursionError
# shows: maximum recursion depth exceeded
# shows: function=depth
# shows: category='rolls'
# shows: function=show_shop
# shows: shop='north'

import sys

PARENTS = {"rolls": "bread", "bread": "bread", "shop": None}

sys.setrecursionlimit(4000)


def parent(category):
    """The category above, or None."""
    return PARENTS[category]


def depth(category):
    above = parent(category)
    return 0 if above is None else 1 + depth(above)


def show_shop(shop):
    for category in PARENTS:
        print(shop, category, depth(category))


show_shop("north")
