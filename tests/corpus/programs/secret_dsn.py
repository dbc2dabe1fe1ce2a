"""The database refuses a connection; its library puts the whole connection string into the exception."""

# trait: connection strings in the exception's text
# shows: type=OperationalError
# shows: could not connect to
# shows: db.bakery.example
# shows: dbname=orders
# hides: oven-door-9
# hides: key-lime-3

DATABASES = {
    "orders": "postgresql://shop:oven-door-9@db.bakery.example:5432/orders",
    "replica": "host=db2.bakery.example dbname=orders user=shop password=key-lime-3",
}


class OperationalError(Exception):
    """As database libraries call it."""


def driver(target):
    """What is deep inside the library."""
    raise OperationalError(f"could not connect to {target}")


def connect():
    try:
        return driver(DATABASES["replica"])
    except OperationalError as error:
        second = error
    try:
        return driver(DATABASES["orders"])
    except OperationalError as error:
        raise error from second


connect()
