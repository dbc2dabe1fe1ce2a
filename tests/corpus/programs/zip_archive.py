"""The tariffs come as a zip archive with a module inside, and the module does not know a tariff."""

# trait: code in a zip archive
# shows: type=LookupError
# shows: value=no tariff platinum
# shows: raise LookupError(f"no tariff {plan}")
# shows: tariffs.zip
# shows: function=cents
# shows: known

import sys
import tempfile
import zipfile
from pathlib import Path

MODULE = """
known = {"basic": 900}


def cents(plan):
    if plan not in known:
        {} LookupError(f"no tariff {plan}")
    return known[plan]
"""


def unpacked(folder):
    """Where Python finds the module. Nothing is unpacked, in fact."""
    archive = Path(folder, "tariffs.zip")
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("tariffs.py", MODULE.replace("{}", "raise"))
    return str(archive)


sys.path.insert(0, unpacked(tempfile.mkdtemp()))

import tariffs  # noqa: E402

tariffs.cents("plat" + "inum")
