"""A download's address has a user and a password in it, and the download fails with the address in the text."""

# trait: credentials in a URL, in a local and in the exception's text
# shows: type=OSError
# shows: can't download
# shows: files.example/prices.csv
# shows: attempts=3
# hides: tart4u-2024
# hides: sig-b1a5e

SOURCES = {
    "prices": "https://baker:tart4u-2024@files.example/prices.csv?week=31&signature=x&access_token=sig-b1a5e",
}


def source(name):
    """Where to get it."""
    return SOURCES[name]


def download(name, attempts):
    address = source(name)
    raise OSError(f"can't download {address} after {attempts} attempts")


download("prices", len("123"))
