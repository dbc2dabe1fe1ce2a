"""A request is built with headers of a session, and sending it fails."""

# trait: secrets in a dict of HTTP headers
# shows: type=ConnectionResetError
# shows: value=peer 3 hung up
# shows: application/json
# shows: bakery/2.1
# hides: eyJhbGciOiJIUzI1NiJ9
# hides: s%3Aq8w7e6r5
# hides: kx-5521-aa
# hides: csrf-plum-jam

HOST = "till.example"


def headers():
    """What each request has to have."""
    return {
        "Accept": "application/json",
        "User-Agent": "bakery/2.1",
        "Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "Cookie": "theme=dark; connect.sid=s%3Aq8w7e6r5",
        "X-Api-Key": "kx-5521-aa",
        "X-CSRFToken": "csrf-plum-jam",
    }


def post(path, peer):
    sent = headers()
    line = f"POST {path} HTTP/1.1 to {HOST} with {len(sent)} headers"
    if line.startswith("POST"):
        raise ConnectionResetError(f"peer {peer} hung up")


post("/orders", 1 + 2)
