"""Billing turns a lookup that failed into an error of its own, and says from which."""

# trait: explicit cause
# shows: type=BillingError
# shows: value=no tariff for customer 4711
# shows: type=KeyError
# shows: value='gold'
# shows: plan='gold'

TARIFFS = {"basic": 9, "silver": 19}


class BillingError(Exception):
    """A bill can't be written."""


def plan_of(customer):
    return ("gold", "basic")[customer % 2 == 0]


def price(plan):
    return TARIFFS[plan]


def bill(customer):
    plan = plan_of(customer)
    try:
        return price(plan)
    except KeyError as error:
        raise BillingError(f"no tariff for customer {customer}") from error


bill(4711)
