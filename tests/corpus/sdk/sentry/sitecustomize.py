"""Starts sentry-sdk in any program that is run with this folder in PYTHONPATH."""

import sentry_sdk

sentry_sdk.init()
