"""A discount is worked out by a function inside a function, which divides by what nobody bought."""

# trait: error in a nested function
# shows 3.11: function=discounts.<locals>.per_loaf
# shows: type=ZeroDivisionError
# shows: loaves=0
# shows: cents=240

BOUGHT = {"Ada": 3, "Alan": 0}


def discounts(budget):
    cents = budget * 100

    def per_loaf(customer):
        loaves = BOUGHT[customer]
        return cents // loaves

    return list(map(per_loaf, BOUGHT))


discounts(2.4)
