"""Keeps pytest from importing what is to be run by other processes only."""

from __future__ import annotations

collect_ignore = ["programs", "sdk"]
