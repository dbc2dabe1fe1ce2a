"""A text model cuts an answer off; settings and messages have words in them that secrets have in their names."""

# trait: texts that look like those with secrets and have none
# shows: type=ValueError
# shows: max_tokens=4096, used tokens=4097 of pan=12
# shows: dsn: could not resolve host db-3
# shows: raise ValueError("wrong password: " + text)
# shows: prompt_tokens=4097

LIMIT = 2**12


def usage():
    """How much was used."""
    return LIMIT + 1


def fail(text):
    raise ValueError("wrong password: " + text)


def check(host):
    prompt_tokens = usage()
    text = f"max_tokens={LIMIT}, used tokens={prompt_tokens} of pan=12; dsn: could not resolve host {host}"
    fail(text)


check("db-" + str(3))
