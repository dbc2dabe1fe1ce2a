"""Signing a request fails while the secrets for it are in local variables with the names that everybody gives them."""

# trait: secrets in locals, by the most common names
# shows: type=NotImplementedError
# shows: value=no algorithm md4
# shows: algorithm='md4'
# hides: cheese-cake-1
# hides: tk-apple-2
# hides: sec-pear-3
# hides: ak-plum-4


def vault():
    """Where the secrets come from."""
    return "cheese-cake-1", "tk-apple-2", "sec-pear-3", "ak-plum-4"


def known():
    """The algorithms to sign by."""
    return {"sha256": 256, "sha512": 512}


def sign(algorithm):
    password, token, secret, api_key = vault()
    if algorithm not in known():
        raise NotImplementedError(f"no algorithm {algorithm}")
    return password, token, secret, api_key


sign("md" + str(2 + 2))
