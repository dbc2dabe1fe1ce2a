"""A check that somebody wrote as a bare assert fails: only the line and the variables tell what it was about."""

# trait: bare assert
# shows: type=AssertionError
# shows: assert baked == sold + left
# shows: baked=30
# shows: sold=26
# shows: left=3

DAY = "30 26 3"


def counted():
    """What was counted in the evening."""
    return map(int, DAY.split())


def close_day():
    baked, sold, left = counted()
    assert baked == sold + left
    return left


close_day()
