"""A person ends a long report by Ctrl-C, which is no failure of the program."""

# trait: KeyboardInterrupt
# events: 0

import signal


def report(days):
    for day in range(days):
        if day == 200:
            signal.raise_signal(signal.SIGINT)  # as the terminal does
    return days


report(365)
