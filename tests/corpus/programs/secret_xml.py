"""A wholesaler's SOAP service refuses a login, and the whole request is in the exception."""

# trait: secrets in XML
# shows: type=PermissionError
# shows: refused
# shows: bakery-6
# hides: sugar-cane-6
# hides: tk-beet-root


def body():
    """What is sent."""
    return '<login user="bakery-6"><password>sugar-cane-6</password><ns:token id="1">tk-beet-root</ns:token></login>'


def call(service):
    request = body()
    code = len(service)
    if code:
        raise PermissionError(f"{service} refused {request}")


call("orders")
