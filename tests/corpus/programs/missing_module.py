"""A plugin for receipts is named in the settings and is not installed."""

# trait: ModuleNotFoundError
# shows: type=ModuleNotFoundError
# shows: value=No module named 'receipts_thermal'
# shows: function=plugin
# shows: kind='thermal'

import importlib

SETTINGS = {"receipts": "thermal"}


def setting(name):
    """What the settings say."""
    return SETTINGS[name]


def plugin(name):
    kind = setting(name)
    return importlib.import_module(f"{name}_{kind}")


plugin("receipts")
