"""Fixtures for what is captured, in this process and in others."""

from __future__ import annotations

from tests.made import alone, make
from tests.process.conftest import server, start

__all__ = ["alone", "make", "server", "start"]
