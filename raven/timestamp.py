"""The time of day, as servers read it."""

from __future__ import annotations

from datetime import datetime, timezone


def timestamp() -> str:
    """Now, in UTC (RFC 3339): "2026-11-22T21:00:00.123456Z"."""
    return datetime.now(timezone.utc).isoformat()[: -len("+00:00")] + "Z"
