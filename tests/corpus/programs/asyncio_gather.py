"""All sensors are asked at the same time, and one of them measures what can't be."""

# trait: failing asyncio.gather
# shows: type=ValueError
# shows: value=attic: -300 is below absolute zero
# shows: function=read
# shows: function=read_all
# shows: celsius=-300

import asyncio

PLACES = {"cellar": 18, "attic": -300, "shop": 21}


async def measure(place):
    await asyncio.sleep(0)
    return PLACES[place]


async def read(place):
    celsius = await measure(place)
    if celsius < -273:
        raise ValueError(f"{place}: {celsius} is below absolute zero")
    return celsius


async def read_all(places):
    return await asyncio.gather(*map(read, places))


asyncio.run(read_all(PLACES))
