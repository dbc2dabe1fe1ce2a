"""Each try to reach a printer raises from the one before, and the job tries two hundred times."""

# trait: chain of two hundred exceptions
# shows: type=PrinterError
# shows: value=try 200: printer label-2 does not answer
# shows: value=try 199: printer label-2 does not answer
# shows: printer='label-2'


class PrinterError(Exception):
    """A label can't be printed."""


def send(printer, number):
    raise PrinterError(f"try {number}: printer {printer} does not answer")


def print_label(printer, number, tries):
    try:
        send(printer, number)
    except PrinterError:
        if number == tries:
            raise
        print_label(printer, number + 1, tries)


print_label("label-" + str(1 + 1), 1, 200)
