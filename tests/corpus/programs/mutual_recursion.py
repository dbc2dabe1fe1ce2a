"""A price is the cost and a margin, and the margin is a share of the price: each asks the other for ever."""

# trait: two functions that call each other without end
# shows: type=RecursionError
# shows: function=price
# shows: function=margin
# shows: share=0.25
# shows: kind='spelt'

SHARES = {"spelt": 1 / 4, "rye": 1 / 5}
COSTS = {"spelt": 120, "rye": 90}


def price(kind):
    cost = COSTS[kind]
    return cost + margin(kind)


def margin(kind):
    share = SHARES[kind]
    return share * price(kind)


for name in SHARES:
    price(name)
