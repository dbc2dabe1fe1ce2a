"""A line of a protocol is in a variable of no telling name, and has a bearer token in it."""

# trait: bearer token within a text
# shows: type=ValueError
# shows: value=line 2 is not a request
# shows: GET /stock
# shows: number=2
# hides: mF_9.B5f-4.1JqM
# hides: dTpwYW5jYWtlcw==

LINES = [
    "GET /stock HTTP/1.1",
    "curl -H 'authorization: bearer mF_9.B5f-4.1JqM' and then Authorization: Basic dTpwYW5jYWtlcw==",
]


def lines():
    """What was received."""
    return list(LINES)


def parse():
    received = lines()
    for number, line in enumerate(received, 1):
        if not line.startswith("GET "):
            raise ValueError(f"line {number} is not a request")


parse()
