"""A price is worked out in one long function with as many names as a form has fields, and a field is empty."""

# trait: hundreds of local variables
# shows: type=ValueError
# shows: value=field_299 is empty
# shows: shop='north'
# shows: customer='Ada'

FIELDS = 300


def form():
    """The code of a form's check; forms are made by the hundred, so it is generated."""
    lines = ["def check(shop, customer):"]
    lines += [f"    field_{number} = {number} * 2" for number in range(FIELDS)]
    lines += [f"    raise ValueError('field_{FIELDS - 1} is empty')"]
    return "\n".join(lines)


def compiled():
    defined = {}
    exec(compile(form(), "form.py", "exec"), defined)
    return defined["check"]


def run(shop, customer):
    check = compiled()
    return check(shop, customer)


run("north", "Ada")
