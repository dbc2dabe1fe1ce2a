"""A login that did not succeed is logged as an error, and the log's arguments have all that was typed in."""

# trait: secrets in the arguments of a log message
# shows: login of
# shows: bakery-3
# shows: failed
# shows: logger=shop.login
# shows: level=error
# hides: rhubarb-crumble
# hides: 4111 1111 1111 1111

import logging

log = logging.getLogger("shop.login")


def typed_in():
    """What was typed into the form."""
    card = "4111 1111 1111 1111"
    return {"user": "bakery-3", "password": "rhubarb-crumble"}, card


def query_of(form):
    """The form as a browser would send it."""
    return "&".join(f"{name}={value}" for name, value in form.items())


def login():
    form, card = typed_in()
    query = query_of(form)
    log.error("login of %s failed, paid by %s, query %s", form, card, query)


login()
