"""Two of three deliveries fail in a task group, which raises a group of their exceptions."""

# trait: failing asyncio.TaskGroup
# needs: 3.11
# shows: type=ExceptionGroup
# shows: unhandled errors in a TaskGroup
# shows: value=nobody is in at Bakers' Row 3
# shows: value=van 2 has no driver
# shows: type=LookupError
# shows: van=2

import asyncio

ADDRESSES = {1: "Mill Lane 8", 2: None, 3: "Bakers' Row 3"}


async def drive(van):
    if ADDRESSES[van] is None:
        raise LookupError(f"van {van} has no driver")
    return ADDRESSES[van]


async def deliver(van):
    address = await drive(van)
    if van > 2:
        raise RuntimeError(f"nobody is in at {address}")


async def main():
    async with asyncio.TaskGroup() as group:
        for van in ADDRESSES:
            group.create_task(deliver(van))


asyncio.run(main())
