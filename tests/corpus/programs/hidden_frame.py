"""A check of the program's own fails; the helper that does the checking has asked to be left out."""

# trait: frame with `__traceback_hide__`
# shows: type=AssertionError
# shows: value=12.5 kg does not fit into 10 kg
# shows: function=fill
# shows: sack=10
# hides: function=check
# hides: hidden_helper

WEIGHTS = {"rye": 7.5, "wheat": 12.5}


def check(good, text):
    __traceback_hide__ = True
    hidden_helper = len(text)
    if not good:
        raise AssertionError(text[:hidden_helper])


def scales(kind):
    """What is on the scales."""
    return WEIGHTS[kind]


def fill(kind):
    """Fill a sack."""
    # What is on the scales has to fit.
    sack = 10
    kilos = scales(kind)
    check(kilos <= sack, f"{kilos} kg does not fit into {sack} kg")


for each in WEIGHTS:
    fill(each)
