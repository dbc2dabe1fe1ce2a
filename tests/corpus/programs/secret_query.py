"""A link of a customer has expired; the link's query has a token that is good for a login."""

# trait: secrets in a query string
# shows: type=PermissionError
# shows: expired 9 days ago
# shows: order=1205
# shows: lang=de
# hides: 8d2c-rolls
# hides: ap1-0f0f

LINK = "/orders?order=1205&token=8d2c-rolls&lang=de"
OTHER = "https://shop.example/export?lang=de&api_key=ap1-0f0f"


def clicked():
    """The link that the customer has."""
    return LINK, OTHER


def open_link(days):
    path, export = clicked()
    if days > 7:
        raise PermissionError(f"{path} has expired {days} days ago (instead of {export})".replace("has ", ""))


open_link(9)
