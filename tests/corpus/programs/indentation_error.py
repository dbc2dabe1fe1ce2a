"""A customer's own rule is compiled as it was typed in, and a line of it is not indented."""

# trait: indentation error in compiled text
# shows: type=IndentationError
# shows: expected an indented block after 'if' statement on line 1
# shows: discount = 8
# shows: <rule of customer 12>
# shows: customer=12

TYPED_IN = {
    11: "discount = 0",
    12: "if total > 40:\n{} = 8\n".format("discount"),
}


def rule_of(customer):
    """The rule that a customer has typed in."""
    return TYPED_IN[customer]


def compile_rule(customer):
    text = rule_of(customer)
    return compile(text, f"<rule of customer {customer}>", "exec")


for number in TYPED_IN:
    compile_rule(number)
