"""An object's `repr` ends the program when the object is not in order, and it is not when the import fails."""

# trait: local whose `repr` calls `sys.exit`
# shows: type=ValueError
# shows: value=row 3 is not in order
# shows: row=3
# shows: Table

import sys

ROWS = ["rye;3", "wheat;2", "spelt"]


class Table:
    """Rows that were imported."""

    def __init__(self, rows):
        self.rows = rows

    def __repr__(self):
        if any(";" not in row for row in self.rows):
            sys.exit("the table is not in order")
        return f"Table({len(self.rows)})"


def check(rows):
    table = Table(rows)
    for row, text in enumerate(table.rows, 1):
        if ";" not in text:
            raise ValueError(f"row {row} is not in order")


check(ROWS)
