"""A reading is made from a line of text by a class method, and the line lacks a field."""

# trait: error in a class method
# shows 3.11: function=Reading.parse
# shows: type=ValueError
# shows: value=not enough values to unpack (expected 3, got 2)
# shows: line='attic;21.5'

LINES = ["cellar;19.5;C", "attic;21.5"]


class Reading:
    """What a sensor measured."""

    def __init__(self, place, value, unit):
        self.place = place
        self.value = value
        self.unit = unit

    @classmethod
    def parse(cls, line):
        place, value, unit = line.split(";")
        return cls(place, float(value), unit)


readings = []
for index in range(2):
    readings.append(Reading.parse(LINES[index]))
