"""A formula out of a settings file is run by `exec`, so that there is no file with its source."""

# trait: code run by `exec` of text
# shows: type=ZeroDivisionError
# shows: function=per_seat
# shows: <formulas of shop 3>
# shows: function=run
# shows: seats=0

FORMULAS = {
    3: "def per_seat(turnover, seats):\n    return turnover / seats\n",
}
SEATS = {3: 0}


def formulas(shop):
    """The functions that a shop has defined."""
    defined = {}
    exec(compile(FORMULAS[shop], f"<formulas of shop {shop}>", "exec"), defined)
    return defined


def run(shop, turnover):
    per_seat = formulas(shop)["per_seat"]
    return per_seat(turnover, SEATS[shop])


run(3, 1250.0)
