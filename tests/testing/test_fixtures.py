"""The fixture that captures what a program sends."""

from __future__ import annotations

import pytest

from raven.testing.fixtures import Captured

pytest_plugins = ["pytester"]


def test_what_the_program_sends_can_be_read_in_order(raven_captured: Captured) -> None:
    assert raven_captured.events == []
    raven_captured.client.capture_message("größer")
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError:
        raven_captured.client.capture_exception()
    first, second = raven_captured.events
    assert first["logentry"]["formatted"] == "größer"
    assert second["exception"]["values"][-1]["type"] == "ZeroDivisionError"


def test_each_test_begins_with_nothing(raven_captured: Captured) -> None:
    assert raven_captured.events == []


def test_it_works_in_a_project_of_its_own_and_closes_the_client(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["raven.testing.fixtures"]')
    pytester.makepyfile(
        """
        clients = []

        def test_first(raven_captured):
            clients.append(raven_captured.client)
            assert raven_captured.client.capture_message("hi")
            assert len(raven_captured.events) == 1

        def test_second():
            assert not clients[0].enabled
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
