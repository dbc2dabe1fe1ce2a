"""A file in cloud storage can't be fetched; the link to it is signed, so that whoever has it can read the file."""

# trait: signed links and account keys
# shows: type=OSError
# shows: can't fetch
# shows: prices.csv
# shows: store.example
# hides: d1a5f00dbeef
# hides: YWxtb25kIHBhc3Rl
# hides: r0lling


def links():
    """Where the prices are."""
    signed = "https://store.example/prices.csv?se=2024-08-01&sig=r0lling%3D&X-Amz-Signature=d1a5f00dbeef"
    return signed, "DefaultEndpointsProtocol=https;AccountName=bakery;AccountKey=YWxtb25kIHBhc3Rl==;"


def fetch(tries):
    link, account = links()
    if tries and account:
        raise OSError(f"can't fetch {link}")


fetch(3)
