"""A dump of 50 MB is in a local variable when the import fails."""

# trait: local text of 50 MB
# shows: type=ValueError
# shows: value=line 500001 has 1 field
# shows: number=500001
# shows: shop='north'
# shows: 00000;rye;rye

LINE = "{:05};" + "rye;" * 21 + "rye\n"


def dump():
    """Half a million lines; the last is cut off."""
    return LINE.format(0) * 500_000 + "half a line"


def load(shop):
    text = dump()
    number = text.count("\n") + 1
    fields = text[text.rindex("\n") :].split(";")
    if len(fields) < 2:
        raise ValueError(f"line {number} has {len(fields)} field")


load("north")
