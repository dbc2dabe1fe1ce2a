"""An import of opening hours reads a file that was cut off in the middle."""

# trait: exception class of a library
# shows: type=JSONDecodeError
# shows: module=json.decoder
# shows: Expecting ',' delimiter: line 1 column 31
# shows: function=load_hours
# shows: half='{"mon": [9, 18], "tue": [9, 18'

import json

HOURS = '{"mon": [9, 18], "tue": [9, 18], "wed": [9, 13]}'


def download(size):
    """What came over the line before it went dead."""
    return HOURS[:size]


def load_hours(size):
    half = download(size)
    return json.loads(half)


load_hours(30)
