"""A tree of categories is a thousand levels deep when somebody asks for one that it does not have."""

# trait: dict nested a thousand deep in a local
# shows: type=LookupError
# shows: value=no category sourdough
# shows: levels=1000
# shows: wanted='sourdough'

LEVELS = 1000


def tree():
    node = {}
    for level in range(LEVELS):
        node = {"name": f"level {level}", "child": node, "siblings": [[[[level]]]]}
    return node


def find(wanted):
    root = tree()
    node, levels = root, 0
    while node and node["name"] != wanted:
        node, levels = node["child"], levels + 1
    if not node:
        raise LookupError(f"no category {wanted}")


find("sour" + "dough")
