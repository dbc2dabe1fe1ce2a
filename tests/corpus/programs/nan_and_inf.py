"""A mean of no readings is not a number and a ratio is infinite; the check that finds out has both in sight."""

# trait: NaN and infinity in locals
# shows: type=ArithmeticError
# shows: value=cellar: mean nan, ratio inf
# shows: mean=nan
# shows: ratio=inf
# shows: place='cellar'

import math

READINGS = {"cellar": []}


def statistics(place):
    values = READINGS[place]
    mean = sum(values) / len(values) if values else math.nan
    ratio = math.inf if not values else max(values) / min(values)
    return mean, ratio


def check(place):
    mean, ratio = statistics(place)
    if mean != mean or math.isinf(ratio):
        raise ArithmeticError(f"{place}: mean {mean}, ratio {ratio}")
    return mean


check("cellar")
