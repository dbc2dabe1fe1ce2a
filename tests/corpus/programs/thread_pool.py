"""Bills are written by a pool of threads; the failure of one comes out where its result is asked for."""

# trait: result of a future of a thread pool
# shows: type=OverflowError
# shows: value=bill 12 is 1200000 cents
# shows: function=write_bill
# shows: function=write_all
# shows: cents=1200000

from concurrent.futures import ThreadPoolExecutor

HOURS = {11: 6, 12: 1000}
RATE = 1200


def write_bill(number):
    cents = HOURS[number] * RATE
    if cents > 999_999:
        raise OverflowError(f"bill {number} is {cents} cents")
    return f"{number}: {cents / 100:.2f}"


def write_all(numbers):
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(write_bill, number) for number in numbers]
        for future in futures:
            print(future.result())


write_all(HOURS)
