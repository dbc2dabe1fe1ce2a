"""A class's `repr` returns a number, which nobody noticed until an order failed."""

# trait: local whose `repr` is no text
# shows: type=ValueError
# shows: value=order 1208 has no items
# shows: Order
# shows: number=1208

NUMBERS = range(1200, 1209)


class Order:
    """What a customer wants."""

    def __init__(self, number):
        self.number = number
        self.items = ["rye"] * (len(NUMBERS) - 1 - number % 1200)

    def __repr__(self):
        return self.number


def pack(number):
    order = Order(number)
    if not order.items:
        raise ValueError(f"order {number} has no items")
    return order.items


for each in NUMBERS:
    pack(each)
