"""Work in the till fails, and then so does locking the drawer, in the `__exit__` of a context manager."""

# trait: error in a context manager's `__exit__`
# shows 3.11: function=Drawer.__exit__
# shows: type=RuntimeError
# shows: value=drawer 4 does not lock
# shows: type=ZeroDivisionError
# shows: guests=0


class Drawer:
    """Open while somebody works with it."""

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        return self

    def __exit__(self, *error):
        raise RuntimeError(f"drawer {self.number} does not lock")


def split_bill(total, guests):
    return total / guests


def checkout(guests):
    with Drawer(2 + 2):
        return split_bill(48, guests)


checkout(len([]))
