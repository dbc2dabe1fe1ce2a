"""A customer who is not known is looked up, and the result is used without a look at it."""

# trait: AttributeError on None
# shows: type=AttributeError
# shows: value='NoneType' object has no attribute 'email'
# shows: customer=None
# shows: name='Grace'
# shows: return customer.email.lower()

from collections import namedtuple

Customer = namedtuple("Customer", "name email")
KNOWN = [Customer("Ada", "Ada@shop.example"), Customer("Alan", "alan@shop.example")]


def find(name):
    """The customer of that name, or None."""
    return next((customer for customer in KNOWN if customer.name == name), None)


def address_of(name):
    customer = find(name)
    return customer.email.lower()


for name in ("Ada", "Gr" + "ace"):
    address_of(name)
