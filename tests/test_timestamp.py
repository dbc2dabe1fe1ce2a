"""A timestamp is this moment, in UTC."""

from __future__ import annotations

from datetime import datetime, timezone

from raven.timestamp import timestamp


def test_it_is_this_moment_in_utc() -> None:
    before = datetime.now(timezone.utc)
    text = timestamp()
    assert text.endswith("Z")
    assert before <= datetime.fromisoformat(text.replace("Z", "+00:00")) <= datetime.now(timezone.utc)
