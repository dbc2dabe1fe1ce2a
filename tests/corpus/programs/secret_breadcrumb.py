"""What led to a failure was logged, and one of the lines has a password in it and one a URL with credentials."""

# trait: secrets in breadcrumbs
# shows: type=TimeoutError
# shows: value=mirror 2 is too slow
# shows: connecting as baker
# shows: mirror.example/list
# hides: walnut-bread-8
# hides: tk-poppy-seed

import logging

log = logging.getLogger("mirror")
log.setLevel(logging.INFO)


def secrets():
    """What is needed to get in."""
    return "walnut-bread-8", "tk-poppy-seed"


def connect(mirror):
    password, token = secrets()
    log.info("connecting as baker with password=%s", password)
    log.info(f"GET https://baker:{password}@mirror.example/list?token={token}", extra={"token": token})
    if mirror > 1:
        raise TimeoutError(f"mirror {mirror} is too slow")


connect(2)
