"""A price list is to be read from a folder that was moved."""

# trait: OSError with a file's name
# shows: type=FileNotFoundError
# shows: [Errno 2] No such file or directory: 'prices/2024-31.csv'
# shows: function=read_prices
# shows: week=31

from pathlib import Path

YEAR = 2024


def path_of(week):
    """Where the prices of a week are."""
    return Path("prices") / f"{YEAR}-{week}.csv"


def read_prices(week):
    path = path_of(week)
    with path.open(encoding="utf-8") as lines:
        return list(lines)


read_prices(31)
