"""Settings load themselves at the first look at any attribute, and fail at each look if there is no file."""

# trait: local each of whose attributes raises
# shows: type=LookupError
# shows: value=no settings for shop 9
# shows: shop=9
# shows: attempt=2

KNOWN = {1, 2, 3}


class Settings:
    """Settings of a shop, loaded when somebody wants to know one."""

    def __init__(self, shop):
        object.__setattr__(self, "_shop", shop)

    def __getattribute__(self, name):
        shop = object.__getattribute__(self, "_shop")
        if shop not in KNOWN:
            raise LookupError(f"no settings for shop {shop}")
        return object.__getattribute__(self, name)


def open_shop(shop):
    settings, attempt = Settings(shop), 1
    while attempt < len(KNOWN):
        attempt += 1
        if attempt == 2:
            return settings.hours
    return None


open_shop(3 * 3)
