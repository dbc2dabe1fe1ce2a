"""Somebody has written a password into the program itself, next to the line that fails."""

# trait: secrets in lines of source
# shows: type=PermissionError
# shows: value=bob may not open the safe
# shows: login("bob", password=
# shows: user='bob'
# hides: s3same-0pen
# hides: AKIA-poppy-77
# hides: tele-gram-4


def check(user, known):
    """Whether the user may do it."""
    if user not in known:
        raise PermissionError(f"{user} may not open the safe")


def login(user, password):
    check(user, known=["alice"] if password else [])


def open_safe():
    # The next lines are what this program is about.
    api_key = "AKIA-poppy-77"
    settings = {"token": "tele-gram-4", "key": len(api_key)}
    login("bob", password="s3same-0pen")
    return settings


open_safe()
