"""A deployment's settings are nested, and what is secret is further down; a step of the deployment fails."""

# trait: secrets in nested dicts and lists
# shows: type=RuntimeError
# shows: value=step 4 of 6 failed
# shows: imap.eu-1.example
# shows: staging
# shows: step=4
# hides: deep-sea-salt
# hides: bottom-heat-220
# hides: rolling-pin-7


def settings():
    """The settings, as they are in a file."""
    return {
        "mail": {"imap": {"host": "imap.eu-1.example", "password": "deep-sea-salt"}},
        "logins": [{"name": "staging", "credentials": ("baker", "bottom-heat-220")}],
        "sites": [{"stores": [{"north": {"auth": {"user": "baker", "password": "rolling-pin-7"}}}]}],
    }


def deploy(steps):
    config = settings()
    most = len(config)
    for step in range(1, steps + 1):
        if step > most:
            raise RuntimeError(f"step {step} of {steps} failed")


deploy(6)
