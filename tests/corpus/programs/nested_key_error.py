"""The export of orders expects a postcode in every address, and one customer has none."""

# trait: KeyError in nested dicts
# shows: type=KeyError
# shows: value='postcode'
# shows: city
# shows: Uppsala
# shows: number=1003

CITIES = ["Oslo", "Turku", "Uppsala"]


def orders():
    """The orders of a day, by number."""
    made = {}
    for number, city in enumerate(CITIES, 1001):
        address = {"city": city, "street": f"Street {number}"}
        if city != "Uppsala":
            address["postcode"] = f"N-{number}"
        made[number] = {"customer": {"name": f"C{number}", "address": address}}
    return made


def label(number, order):
    return f"{number}: {order['customer']['address']['postcode']}"


for number, order in orders().items():
    label(number, order)
