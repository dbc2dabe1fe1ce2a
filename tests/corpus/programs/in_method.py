"""An oven is heated beyond what its class allows: the error is in a method."""

# trait: error in a method
# shows 3.11: function=Oven.heat
# shows: type=ValueError
# shows: value=deck oven: 320 is too hot
# shows: degrees=320


class Oven:
    """Something to bake in."""

    limit = 300

    def __init__(self, name):
        self.name = name
        self.degrees = 20

    def heat(self, degrees):
        if degrees > self.limit:
            raise ValueError(f"{self.name}: {degrees} is too hot")
        self.degrees = degrees


Oven("deck oven").heat(4 * 80)
