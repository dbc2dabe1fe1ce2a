"""A module of price rules is generated from a table, and what is generated is no Python."""

# trait: syntax error on import of generated code
# shows: type=SyntaxError
# shows: if total > 250
# shows: price_rules.py
# shows: function=load_rules

import importlib
import sys
import tempfile
from pathlib import Path

RULES = [(100, 3), (250, 5)]


def generate():
    lines = ["def discount(total):"]
    for limit, percent in RULES:
        colon = ":" if limit < 200 else ""  # this is the mistake
        lines += [f"    if total > {limit}{colon}", f"        return {percent}"]
    return "\n".join([*lines, "    return 0", ""])


def write_rules(folder):
    Path(folder, "price_rules.py").write_text(generate())


def load_rules(folder):
    sys.path.insert(0, folder)
    return importlib.import_module("price_rules")


folder = tempfile.mkdtemp()
write_rules(folder)
load_rules(folder).discount(120)
