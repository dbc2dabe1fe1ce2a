"""A booking fails, and has fields that only look like secrets by parts of their names."""

# trait: names that look like those of secrets and are none
# shows: type=ValueError
# shows: value=seat 14C is taken
# shows: passenger='Ada L.'
# shows: author='Grace H.'
# shows: secretary='Alan T.'
# shows: monkey='Koko'
# shows: passport_country='CH'
# shows: tokenizer='words'
# shows: compass='north-west'
# shows: keyboard='de-CH'
# shows: sessions_today=12

NAMES = ["Ada L.", "Grace H.", "Alan T.", "Koko", "CH", "words", "north-west", "de-CH"]


def record():
    """A row of the table of bookings."""
    return (*NAMES, 3 * 4)


def book(seat):
    passenger, author, secretary, monkey, passport_country, tokenizer, compass, keyboard, sessions_today = record()
    if seat:
        raise ValueError(f"seat {seat} is taken")
    return passenger, author, secretary, monkey, passport_country, tokenizer, compass, keyboard, sessions_today


book("14" + "C")
