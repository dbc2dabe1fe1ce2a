"""A login at the wholesaler is refused while passwords, a PIN and a token are in local variables."""

# trait: secrets in locals, by name
# shows: type=PermissionError
# shows: value=wholesaler refuses bakery-12
# shows: user='bakery-12'
# shows: changed=True
# hides: hunter2-morning
# hides: oak-leaf-5
# hides: 903518
# hides: tk-51f0c7d2


def from_safe(user):
    """What only this bakery knows."""
    safe = {"bakery-12": ("hunter2-morning", "oak-leaf-5", 903518, "tk-51f0c7d2")}
    return safe[user]


def login(user):
    password, old_password, pin, access_token = from_safe(user)
    changed = password != old_password
    if changed or pin or access_token:
        raise PermissionError(f"wholesaler refuses {user}")


login(f"bakery-{3 * 4}")
