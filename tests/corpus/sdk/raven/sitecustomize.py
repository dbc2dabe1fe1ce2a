"""Starts Raven in any program that is run with this folder in PYTHONPATH."""

import logging

from raven import Client
from raven.handlers.logging import SentryHandler

client = Client()
logging.getLogger().addHandler(SentryHandler(client, level=logging.ERROR))
