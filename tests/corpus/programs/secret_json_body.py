"""The body of a request is a JSON text with a password inside, and can't be used."""

# trait: secrets in a JSON text
# shows: type=KeyError
# shows: value='shop'
# shows: bakery-7
# shows: remember
# hides: croissant#5
# hides: ses-40d1
# hides: Zimtstern

BODY = '{"user": "bakery-7", "password": "croissant#5", "remember": true, "session_token":"ses-40d1"}'
ESCAPED = r"{\"event\": \"login\", \"user\": \"bakery-7\", \"passwort\": \"-\", \"password\": \"Zimtstern\"}"


def received(wire):
    """What came over the wire."""
    return BODY if wire == 1 else ESCAPED.encode()


def login():
    import json

    body, log_line = received(1), received(2)
    return json.loads(body)["shop"], log_line


login()
