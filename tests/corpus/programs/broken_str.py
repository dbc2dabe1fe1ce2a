"""An exception's own text can't be made: its class forgets to keep what the text needs."""

# trait: exception whose `str` raises
# shows: type=OvenError
# shows: function=heat
# shows: degrees=310
# shows: oven='north-2'

LIMITS = {"north-1": 300, "north-2": 280}


class OvenError(Exception):
    """An oven does not do what it should."""

    def __init__(self, oven, degrees):
        super().__init__(oven, degrees)
        self.oven = oven

    def __str__(self):
        return f"{self.oven} can't take {self.degrees} degrees"


def heat(oven, degrees):
    if degrees > LIMITS[oven]:
        raise OvenError(oven, degrees)


for oven in LIMITS:
    heat(oven, 31 * 10 if "2" in oven else 200)
