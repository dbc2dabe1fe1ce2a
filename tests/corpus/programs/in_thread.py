"""A thread that watches the cellar's temperature dies of a reading, and the program goes on without it."""

# trait: failing thread
# shows: type=ValueError
# shows: could not convert string to float: '--'
# shows: function=watch
# shows: place='cellar'
# shows: cellar watch
# shows: good=2

import threading

READINGS = {"cellar": ["18.5", "18.6", "-" * 2, "18.4"]}


def sensor(place):
    """What a sensor says, one reading after the other."""
    yield from READINGS[place]


def check(reading, number):
    print(f"{number}: {reading}")


def watch(place):
    for good, reading in enumerate(sensor(place)):
        check(float(reading), good)


for name in READINGS:
    watcher = threading.Thread(target=watch, args=(name,), name=f"{name} watch")
    watcher.start()
    watcher.join()
