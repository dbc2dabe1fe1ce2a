"""A webhook can't be delivered; its log lines and settings have keys in them under names that tell nothing."""

# trait: keys that can be told by their look only
# shows: type=ConnectionError
# shows: value=hook 4 is gone
# shows: number=4
# hides: AKIAIOSFODNN7EXAMPLE
# hides: ghp_16C7e42F292c6912E7710c838347Ae178B4a
# hides: sk_live_4eC39HqLyjWDarjtT1zdp7dc
# hides: dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U


def config():
    """What is needed to get in."""
    return {
        "storage": "AKIAIOSFODNN7EXAMPLE",
        "repository": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
        "payments": "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
        "state": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    }


def deliver(number):
    known = config()
    values = " ".join(known.values())
    if number > 3 and values:
        raise ConnectionError(f"hook {number} is gone")


deliver(2 * 2)
