"""The settings of a label printer's account are complete but for one field."""

# trait: secrets in a dict, by key
# shows: type=KeyError
# shows: value='region'
# shows: eu-labels
# shows: retries
# hides: ak_live_0c1d2e3f
# hides: pepper-and-salt
# hides: rt-99-rolls


def settings():
    """The settings, as they are in a file."""
    keys = {"api_key": "ak_live_0c1d2e3f", "Client-Secret": "pepper-and-salt", "refreshToken": "rt-99-rolls"}
    return {"account": "eu-" + "labels", **keys, "retries": 3}


def host(region):
    return f"{region}.labels.example"


def address():
    options = settings()
    return f"https://{host(options['region'])}/"


address()
