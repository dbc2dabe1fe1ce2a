"""A customer's record is incomplete, which the constructor of its class finds out."""

# trait: error in `__init__`
# shows 3.11: function=Customer.__init__
# shows: type=KeyError
# shows: value='vat_id'
# shows: Miller & Sons

RECORDS = [{"kind": "person", "name": "Ada"}, {"kind": "company", "name": "Miller & Sons"}]


class Customer:
    """Whom a bill goes to."""

    def __init__(self, record):
        self.name = record["name"]
        if record["kind"] == "company":
            self.vat_id = record["vat_id"]


def load():
    return list(map(Customer, RECORDS))


load()
