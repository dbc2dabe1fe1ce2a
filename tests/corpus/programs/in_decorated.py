"""A step of the nightly job fails inside the decorator that counts the tries."""

# trait: error in a decorated function
# shows: function=send_report
# shows 3.11: function=retried.<locals>.wrapper
# shows: type=ConnectionError
# shows: value=mail-2 is down
# shows: tries=3
# shows: host='mail-2'

import functools

HOSTS = {"north": 1, "south": 2}


def retried(function):
    """Try it three times."""

    @functools.wraps(function)
    def wrapper(*arguments):
        for tries in range(1, 4):
            try:
                return function(*arguments)
            except OSError:
                if tries == 3:
                    raise
        return None

    return wrapper


@retried
def send_report(shop):
    host = f"mail-{HOSTS[shop]}"
    raise ConnectionError(f"{host} is down")


send_report("south")
