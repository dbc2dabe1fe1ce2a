"""A file of readings is read line by line by a generator, which meets a line that it can't take."""

# trait: error in a generator
# shows: function=readings
# shows: function=average
# shows: type=ValueError
# shows: could not convert string to float: 'n/a'
# shows: total=41.0
# shows: number=3

FILE = "20.5\n20.5\nn/a\n19.0\n"


def readings(text):
    for number, line in enumerate(text.splitlines(), 1):
        if number > 0:
            yield float(line)


def average(text):
    total = 0.0
    for reading in readings(text):
        total += reading
    return total / len(text.splitlines())


average(FILE)
