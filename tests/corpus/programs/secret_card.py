"""A card is declined; its number is in an object, in a text, and as a plain number."""

# trait: card numbers, by their look
# shows: type=PermissionError
# shows: declined by the bank
# shows: cents=5400
# shows: 4111111111111112
# hides: 4111 1111 1111 1111
# hides: 4111111111111111
# hides: 5500-0000-0000-0004
# hides: 378282246310005

import json

ORDERS = {"Ada": ["4111 1111 1111 1111", "5500-0000-0000-0004", 378282246310005], "order": 4111111111111112}


def typed_in(name):
    """What a customer typed in."""
    return ORDERS[name]


def charge(name, cents):
    first, *others = typed_in(name)
    digits = "".join(first.split())
    order = ORDERS["order"]  # as long as a card's number, but its check digit is wrong
    text = json.dumps({"to": digits, "for": order, "others": others})
    if text:
        raise PermissionError(f"{first} was declined by the bank")


charge("Ada", 54 * 100)
