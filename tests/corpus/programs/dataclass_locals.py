"""An order can't be packed; what the order is can only be seen in the local variables."""

# trait: dataclasses, enums, dates and decimals in locals
# shows: type=ValueError
# shows: value=nothing to pack
# shows: 1207
# shows: Grace
# shows: 3.20
# shows: COLLECTED
# shows: 2024

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath


class State(Enum):
    OPEN = "open"
    COLLECTED = "collected"


@dataclass
class Order:
    number: int
    customer: str
    price: Decimal
    day: date
    state: State
    slip: PurePosixPath
    items: list[str] = field(default_factory=list)


def order(number):
    slip = PurePosixPath("/slips") / f"{number}.pdf"
    return Order(number, "Gr" + "ace", Decimal("3.20"), date(2024, 2, 29), State.COLLECTED, slip)


def pack(number):
    found = order(number)
    if not found.items:
        raise ValueError("nothing to pack")
    return list(found.items)


pack(1200 + 7)
