"""A service of asyncio tasks, one of which fails at times. Tasks deliver, too, and the loop is never held up.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python asyncio_service.py
"""

import asyncio

from raven import Client
from raven.transport.asyncio import AsyncioHTTPTransport

ORDERS = ["3", "four", "5"]


async def work(client: Client, orders: asyncio.Queue[str]) -> None:
    while True:
        order = await orders.get()
        try:
            await asyncio.sleep(int(order) / 100)
        except ValueError:
            client.capture_exception(tags={"order": order})
        finally:
            orders.task_done()


async def main() -> None:
    async with Client(transport=AsyncioHTTPTransport) as client:  # at its end, `await client.aclose()`
        client.install_asyncio_hook()  # for errors of tasks that nobody awaits
        orders: asyncio.Queue[str] = asyncio.Queue()
        workers = [asyncio.create_task(work(client, orders)) for _ in range(4)]
        for order in ORDERS:
            orders.put_nowait(order)
        await orders.join()
        for worker in workers:
            worker.cancel()


if __name__ == "__main__":
    asyncio.run(main())
