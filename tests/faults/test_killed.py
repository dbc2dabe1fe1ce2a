"""What a capture has returned for is delivered, whenever the process is killed."""

from __future__ import annotations

from tests.faults.killed import kill


def test_nothing_is_lost_and_only_what_was_under_way_is_sent_twice() -> None:
    outcome = kill(40)
    assert len(outcome.returned) > 20
    assert not outcome.lost
    assert outcome.repeated <= outcome.in_flight
