"""A file's name is not UTF-8, which Python keeps as half a character; no server takes that as it is."""

# trait: lone surrogate in a text
# shows: type=LookupError
# shows: value=no importer for caf
# shows: .xls
# shows: found=2

import os

ON_DISK = [b"rolls.csv", b"caf\xe9.xls"]
IMPORTERS = {".csv": "table"}


def listing():
    """The names in a folder, as os.listdir gives them."""
    return [os.fsdecode(name) for name in ON_DISK]


def load_all():
    names = listing()
    found = len(names)
    for name in names:
        if name[-4:] not in IMPORTERS:
            raise LookupError(f"no importer for {name}")
    return found


load_all()
