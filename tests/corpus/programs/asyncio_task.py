"""A program that awaits asks a shop for its stock in a task, and gets an answer that it can't use."""

# trait: failing asyncio task, awaited
# shows: type=KeyError
# shows: value='rye'
# shows: function=stock
# shows: function=main
# shows: shop='south'

import asyncio

ANSWERS = {"north": {"rye": 4}, "south": {"wheat": 9}}


async def ask(shop):
    await asyncio.sleep(0)
    return ANSWERS[shop]


async def stock(shop, kind):
    answer = await ask(shop)
    return answer[kind]


async def main(kind):
    for shop in ANSWERS:
        await asyncio.create_task(stock(shop, kind), name=f"stock of {shop}")


asyncio.run(main("rye"))
