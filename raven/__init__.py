"""Raven captures errors in Python programs and delivers them to any Sentry-compatible server.

>>> from raven import Client
>>> client = Client("https://key@sentry.example/1")
"""

from __future__ import annotations

from ._version import VERSION
from .client import Client
from .ledger import Stats
from .pipeline import Flushed, Stack, stage

__version__ = VERSION
__all__ = ["VERSION", "Client", "Flushed", "Stack", "Stats", "stage"]
