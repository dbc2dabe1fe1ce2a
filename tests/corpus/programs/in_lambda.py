"""Orders are sorted by a key that one of them does not have."""

# trait: error in a lambda
# shows: <lambda>
# shows: type=TypeError
# shows: 'NoneType' object is not subscriptable
# shows: due=None
# shows: number=1202

ORDERS = [(1201, (2024, 5)), (1202, None), (1203, (2024, 3))]


def orders():
    """The open orders, as the database has them."""
    return [{"number": number, "due": due} for number, due in ORDERS]


def by_date(found):
    return sorted(found, key=lambda order: order["due"][0])


by_date(orders())
