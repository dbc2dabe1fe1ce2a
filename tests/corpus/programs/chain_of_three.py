"""A report fails because the prices fail because a cell is empty: three errors, each the cause of the next."""

# trait: chain of three exceptions
# shows: type=ReportError
# shows: value=report for week 32 failed
# shows: type=PriceError
# shows: value=row 3 has no price
# shows: could not convert string to float: ''
# shows: row=3
# shows: week=32

TABLE = "rye;3.20\nwheat;2.10\nspelt;\n"


class PriceError(Exception):
    """A price is wrong."""


class ReportError(Exception):
    """A report can't be made."""


def price(cell):
    return float(cell)


def prices(table):
    for row, line in enumerate(table.splitlines(), 1):
        try:
            price(line.split(";")[1])
        except ValueError as error:
            raise PriceError(f"row {row} has no price") from error


def report(week):
    try:
        prices(TABLE)
    except PriceError as error:
        raise ReportError(f"report for week {week} failed") from error


report(2**5)
