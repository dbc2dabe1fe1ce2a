"""An exception's text has the whole answer of a server in it, which is a megabyte."""

# trait: exception with a text of a megabyte
# shows: type=RuntimeError
# shows: shop 4 answered: <html><body>Bad gateway
# shows: status=502

PAGE = "<html><body>Bad gateway" + "<p>We are sorry.</p>" * 60_000


def get(shop):
    """What the shop's till answers."""
    return (200, "ok") if shop % 2 else (502, PAGE)


def turnover(shop):
    status, page = get(shop)
    if status != 200:
        raise RuntimeError(f"shop {shop} answered: {page}")
    return float(page)


turnover(2 * 2)
