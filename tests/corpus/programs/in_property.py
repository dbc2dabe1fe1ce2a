"""A shop's turnover per visitor is a property, and on one day nobody came."""

# trait: error in a property
# shows 3.11: function=Day.per_visitor
# shows: type=ZeroDivisionError
# shows: turnover=125
# shows: visitors=0

COUNTED = [(120, 40), (125, 0)]


class Day:
    """A day in the shop."""

    def __init__(self, turnover, visitors):
        self.turnover = turnover
        self.visitors = visitors

    @property
    def per_visitor(self):
        turnover, visitors = self.turnover, self.visitors
        return turnover / visitors


def report(days):
    for day in days:
        print(day.per_visitor)


report([Day(*counted) for counted in COUNTED])
