"""A till refuses to open, by an exception that says nothing; where and with what it was raised must tell."""

# trait: exception without a message
# shows: type=DrawerStuck
# shows: function=open_drawer
# shows: pushes=5
# shows: raise DrawerStuck

SPRING = 20


class DrawerStuck(Exception):
    """The drawer does not move."""


def push(force):
    """Whether the drawer moved."""
    return force > SPRING


def open_drawer(drawer):
    pushes = 0
    while not push(pushes * 3):
        pushes += 1
        if pushes > 4:
            raise DrawerStuck
    return drawer


open_drawer("front")
