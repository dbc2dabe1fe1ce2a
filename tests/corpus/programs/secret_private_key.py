"""A certificate is read from a text that has a private key in it instead."""

# trait: private key in PEM form
# shows: type=IndexError
# shows: value=list index out of range
# shows: issuer='Bakers CA'
# shows: found=1
# hides: MIIEvQIBADANBgkqhkiG9w0
# hides: c2VjcmV0LWtleS1ib2R5

PEM = """-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0
c2VjcmV0LWtleS1ib2R5
-----END PRIVATE KEY-----
"""


def content():
    """What is in the file."""
    return PEM.strip()


def certificate(issuer):
    text = content()
    blocks = text.split("-----BEGIN CERTIFICATE-----")
    found = len(blocks)
    return f"{issuer}: {blocks[found]}"


certificate("Bakers CA")
