"""Shops know their neighbours, who know them; the search through them looks for a shop that is not there."""

# trait: local objects that contain themselves
# shows: type=LookupError
# shows: value=no shop sells macarons
# shows: wanted='macarons'
# shows: North Street

SOLD = {"North Street": ["rye"], "South Street": ["wheat"]}


def shops():
    """Two shops, each of which is the other's neighbour."""
    first, second = ({"name": name, "sells": sells} for name, sells in SOLD.items())
    first["neighbour"], second["neighbour"] = second, first
    return [first, second]


def find(wanted):
    known = shops()
    known.append(known)
    for shop in known[:2]:
        if wanted in shop["sells"]:
            return shop
    raise LookupError(f"no shop sells {wanted}")


find("mac" + "arons")
