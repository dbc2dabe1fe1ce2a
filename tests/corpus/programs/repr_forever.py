"""A sensor's `repr` waits for a reading, which does not come any more once the sensor has failed."""

# trait: local whose `repr` runs for ever
# shows: type=TimeoutError
# shows: value=no reading from the cellar after 30 s
# shows: seconds=30
# shows: place='cellar'
# shows: Sensor

SECONDS = {"cellar": 30}


class Sensor:
    """Measures temperatures."""

    reading = None

    def __repr__(self):
        while self.reading is None:
            pass
        return f"<Sensor at {self.reading}>"


def wait_for(sensor, place):
    seconds = SECONDS[place]
    if sensor.reading is None:
        raise TimeoutError(f"no reading from the {place} after {seconds} s")


wait_for(Sensor(), *SECONDS)
