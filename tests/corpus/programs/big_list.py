"""A million readings are in a local variable when their mean is asked for, and one of them is no number."""

# trait: local list of a million items
# shows: type=TypeError
# shows: unsupported operand type(s) for +: 'float' and 'NoneType'
# shows: place='attic'
# shows: expected=1000000
# shows: 18.5

STEPS = 10**6


def readings(broken):
    measured = [18.5] * STEPS
    measured[broken] = None
    return measured


def mean(place):
    measured = readings(broken=77)
    expected = len(measured)
    by_minute = dict.fromkeys(range(expected), place)
    return sum(measured) / len(by_minute)


mean("attic")
