"""A supplier's file is not in the encoding that was agreed on."""

# trait: UnicodeDecodeError
# shows: type=UnicodeDecodeError
# shows: 'utf-8' codec can't decode byte 0xe9 in position 3: invalid continuation byte
# shows: caf\xe9 au lait
# shows: supplier='Lyon'

FILES = {"Bern": "Kaffee", "Lyon": "café au lait"}


def received(supplier):
    """What a supplier sent. The one in Lyon still writes Latin-1."""
    return FILES[supplier].encode("latin-1" if supplier == "Lyon" else "utf-8")


def names(supplier):
    content = received(supplier)
    return content.decode("utf-8").splitlines()


for place in FILES:
    names(place)
