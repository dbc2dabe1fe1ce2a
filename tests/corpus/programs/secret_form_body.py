"""A login form was posted, and what it says can't be decoded as it should."""

# trait: secrets in a form body
# shows: type=ValueError
# shows: value=3 fields, not 2
# shows: user=bakery-9
# shows: count=3
# hides: plum%20cake
# hides: br10che
# hides: tok-77

POSTED = ["user=bakery-9&password=plum%20cake&csrf_token=tok-77", b"passwd=br10che&user=bakery-9"]


def posted(number):
    """The body of a request."""
    return POSTED[number]


def parse(body):
    other = posted(1)
    count = body.count("&") + 1
    if count != other.count(b"&") + 1:
        raise ValueError(f"{count} fields, not {other.count(b'&') + 1}")


parse(posted(0))
