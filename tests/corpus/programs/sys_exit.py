"""A file that was asked for is not there; the program says so to its user and exits, which is no failure of it."""

# trait: sys.exit with a message
# events: 0

import sys
from pathlib import Path


def load(path):
    if not path.exists():
        sys.exit(f"{path}: no such file")
    return path.read_text()


load(Path("no-such-prices.csv"))
