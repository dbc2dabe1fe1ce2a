"""An option is not a number; the program hides the inner error from its user on purpose."""

# trait: context suppressed with `from None`
# shows: type=UsageError
# shows: value=--loaves takes a number, not dozen
# shows: word='dozen'
# hides: invalid literal for
# hides: type=ValueError

OPTIONS = "--shop north --loaves dozen"


class UsageError(Exception):
    """The program was called in a wrong way."""


def number(option, word):
    try:
        return int(word)
    except Exception:
        raise UsageError(f"{option} takes a number, not {word}") from None


def parse(line):
    words = line.split()
    return {words[2]: number(words[2], words[3])}


parse(OPTIONS)
