"""Work in threads, with the default transport: its own threads deliver beside it, and at exit what is left.

Run it with: SENTRY_DSN=https://public@sentry.example/1 python threads.py
"""

from concurrent.futures import ThreadPoolExecutor

from raven import Client

client = Client()

ORDERS = ["3", "four", "5"]


@client.capture_exceptions
def boxes_of(order: str) -> int:
    return int(order)


if __name__ == "__main__":
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(boxes_of, order) for order in ORDERS]
    failed = [each for each in results if each.exception()]
    print(f"{len(failed)} of {len(results)} orders failed")
