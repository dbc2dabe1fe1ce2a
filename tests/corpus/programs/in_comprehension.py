"""A list of weights is made from what was typed in, and one weight has its unit with it."""

# trait: error in a list comprehension
# shows: type=ValueError
# shows: invalid literal for int() with base 10: '750g'
# shows: function=weights
# golden: no, from Python 3.12 on a comprehension has no frame of its own

TYPED_IN = "500 250 {}g 1000"


def typed_in():
    """What is in the field of the form."""
    return TYPED_IN.format(750)


def weights(words):
    return [int(word) for word in words]


weights(typed_in().split())
