"""The headers of an answer are a list of pairs, as HTTP libraries and WSGI have them, also as bytes."""

# trait: secrets in a list of header pairs
# shows: type=ValueError
# shows: value=status 418 is not known
# shows: text/html
# shows: status=418
# hides: sid=77aa88bb
# hides: QmFrZXI6cm9sbHM=
# hides: xk-0451-zz

KNOWN = {200, 404}


def answer():
    """What the server said."""
    pairs = [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "sid=77aa88bb; HttpOnly"),
        ("Authorization", "Basic QmFrZXI6cm9sbHM="),
    ]
    return 400 + 18, pairs, [(b"content-type", b"text/html"), (b"x-api-key", b"xk-0451-zz")]


def handle():
    status, headers, raw_headers = answer()
    if status not in KNOWN:
        raise ValueError(f"status {status} is not known")
    return dict(headers), dict(raw_headers)


handle()
