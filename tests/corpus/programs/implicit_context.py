"""A sensor's reading can't be parsed, and the code that handles this has a mistake of its own."""

# trait: implicit context
# shows: type=NameError
# shows: value=name 'sensr' is not defined
# shows: type=ValueError
# shows: could not convert string to float: '21,4'
# shows: raw='21,4'

READINGS = {"cellar": "19.8", "attic": "21.4".replace(".", ",")}


def log_bad(sensor, raw):
    print(f"{sensr}: can't read {raw!r}")  # noqa: F821


def read(sensor):
    raw = READINGS[sensor]
    try:
        return float(raw)
    except ValueError:
        log_bad(sensor, raw)


for place in READINGS:
    read(place)
