"""An object fails while it is made, and its `repr` needs what is not there yet."""

# trait: local whose `repr` raises
# shows: type=ConnectionError
# shows: value=printer at 10.0.0.7 is off
# shows: address='10.0.0.7'
# shows: Printer
# shows: tries=3

NETWORK = "10.0.0."


class Printer:
    """A printer of labels."""

    def __init__(self, number):
        address = NETWORK + str(number)
        tries = len("---")
        self.model = self.ask(address, tries)

    def ask(self, address, tries):
        raise ConnectionError(f"printer at {address} is off")

    def __repr__(self):
        return f"<Printer {self.model}>"


Printer(7)
