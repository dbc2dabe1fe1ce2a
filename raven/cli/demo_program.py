"""A small shop with a bug in it, for `raven demo`. It runs anywhere SENTRY_DSN is set."""

from __future__ import annotations

from dataclasses import dataclass

from raven import Client


@dataclass
class Line:
    """So many pieces of one thing, at a price as the shop's supplier writes it, in euros."""

    item: str
    quantity: int
    price: str


class OrderError(Exception):
    """An order that can't be billed."""


def cents(price: str) -> int:
    """The price in cents. Here is the bug: some suppliers write "4,20"."""
    return round(float(price) * 100)


def total(number: str, customer: str, lines: list[Line]) -> int:
    """What `customer` owes for the order, in cents."""
    owed = 0
    for line in lines:
        try:
            owed += line.quantity * cents(line.price)
        except ValueError as error:
            raise OrderError(f"order {number} has no usable price for {line.item}") from error
    return owed


def main() -> None:
    """Bill one order, and report what goes wrong."""
    client = Client()
    lines = [Line("Roggenbrot", 2, "3.80"), Line("Käsestange", 5, "4,20"), Line("Crème brûlée", 1, "5.50")]
    try:
        print(f"to pay: {total('2026-118', 'Zoë Žižková', lines) / 100:.2f} €")
    except OrderError as error:
        event_id = client.capture_exception()
        print(f"could not bill: {error}")
        print(f"reported as event {event_id}")
    # Nothing waits here for the report to arrive: Raven delivers it while the interpreter exits.


if __name__ == "__main__":
    main()
