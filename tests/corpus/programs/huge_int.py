"""A number of orders is worked out by powers, and is longer than Python is ready to print."""

# trait: huge integers in locals
# shows: type=OverflowError
# shows: float
# shows: shop='north'
# shows: years=5000
# shows: 18446744073709551616

GROWTH = 10


def forecast(years):
    """The orders after some years, if they go on to grow as they do."""
    return GROWTH**years


def report(shop):
    years = 500 * 10
    possible = 2**64
    orders = forecast(years)
    return f"{shop}: {orders * 1.05 / possible:.0f}"


report("north")
