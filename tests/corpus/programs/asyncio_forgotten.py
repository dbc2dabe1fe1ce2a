"""A task is started and never awaited; when it fails, only asyncio itself notices, and logs it."""

# trait: asyncio task whose failure nobody awaits
# shows: Task exception was never retrieved
# shows: type=LookupError
# shows: value=order 1204 is not in the book
# shows: function=confirm
# shows: order=1204
# shows: logger=asyncio

import asyncio
import gc

BOOK = {1203: "Ada"}


async def confirm(order):
    if order not in BOOK:
        raise LookupError(f"order {order} is not in the book")


async def take(order):
    asyncio.ensure_future(confirm(order))  # noqa: RUF006
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()


asyncio.run(take(1203 + 1))
