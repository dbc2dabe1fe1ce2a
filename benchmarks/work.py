"""What is captured: a message, and an exception of 20 frames with 7 local variables each.

Every event has a number of its own in its text, by which the server knows it in every client's protocol; and by a local
variable and by a comment next to the lines that failed it knows which clients send those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FRAMES = 20
MARKER = re.compile(rb"event-no-(\d+)")
LOCAL = re.compile(rb"(\d+) Mill Lane")
LINE = re.compile(rb"dearer on Sundays")


@dataclass
class Line:
    """What is ordered."""

    item: str
    price: float


class Order:
    """Something with a `repr` of its own."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"<Order {self.number}>"


def bill(frames: int, order: Order, text: str) -> float:
    """Fail, with so many frames below this one."""
    customer = f"customer {frames}"
    prices = [1.5 * frames, 2, 3]
    lines = {"bread": Line("bread", 1.5), "cake": None}
    address = f"{frames} Mill Lane, somewhere in the north of the country"
    paid = frames % 2 == 0
    if frames == 1:
        raise ValueError(f"{text}: no price for {customer} at {len(address)}: {prices}, {lines}, {paid}")
    # dearer on Sundays
    return bill(frames - 1, order, text)


def text(number: int) -> str:
    """A message. Those with numbers below 0 do not count."""
    return f"The oven has gone out, warm-up {-number}" if number < 0 else f"The oven has gone out, event-no-{number}"


def error(number: int) -> Exception:
    """An exception that has come through all the frames."""
    try:
        bill(FRAMES - 1, Order(5), text(number))
    except ValueError as raised:
        return raised
    raise AssertionError
