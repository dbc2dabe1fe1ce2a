"""A plugin's file is deleted while the plugin runs, as an update does; then the plugin fails."""

# trait: source file deleted before the failure
# shows: type=IndexError
# shows: value=list index out of range
# shows: function=third_best
# shows: plugin.py
# shows: most=90
# shows: function=main

import importlib
import sys
import tempfile
from pathlib import Path

PLUGIN = """
def third_best(sold):
    best = sorted(sold, key=sold.get)[-2:]
    most = max(sold.values()) * 10
    return best[2], most
"""


def load(folder):
    path = Path(folder, "plugin.py")
    path.write_text(PLUGIN)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("plugin")
    finally:
        path.unlink()


def main():
    plugin = load(tempfile.mkdtemp())
    return plugin.third_best({"wheat": 3, "rye": 5, "spelt": 9})


main()
