"""A payment fails in a function that got its secrets by keyword, collected in a dict."""

# trait: secrets in keyword arguments
# shows: type=ConnectionError
# shows: value=bank north does not answer
# shows: amount=1250
# shows: currency
# hides: whsec_8fQ2mLx0
# hides: pk-rose-tulip


def keys():
    """The keys for the bank, out of the settings."""
    return {"client_secret": "whsec_8fQ2mLx0", "passphrase": "pk-rose-tulip"}


def minor_units(amount):
    """The amount in cents."""
    return amount * 100


def pay(bank, amount, **details):
    cents = minor_units(amount)
    if cents:
        raise ConnectionError(f"bank {bank} does not answer")


pay("north", 5**4 * 2, currency="CHF", **keys())
