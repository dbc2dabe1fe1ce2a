"""Sign says who sends, exactly."""

from __future__ import annotations

import pytest

from raven import VERSION
from raven.errors import InvalidStack
from raven.pipeline import Queue, Sign, Stack
from raven.testing import MemorySink, StageDriver

PUBLIC = f"Sentry sentry_version=7, sentry_client=raven/{VERSION}, sentry_key=abc"


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("https://abc@sentry.example/1", PUBLIC),
        ("https://abc:@sentry.example/1", PUBLIC),
        ("https://abc:s3cret@sentry.example/1", f"{PUBLIC}, sentry_secret=s3cret"),
    ],
)
def test_the_header_is_exact_and_has_a_secret_only_if_the_dsn_has(dsn: str, expected: str) -> None:
    driver = StageDriver(Sign(), dsn=dsn)
    driver.send(body=b"{}", headers={"X-Other": "1"})
    assert driver.received[0].headers == {
        "X-Other": "1",
        "X-Sentry-Auth": expected,
        "User-Agent": f"raven/{VERSION}",
    }


def test_no_key_is_at_rest_with_the_events() -> None:
    with pytest.raises(InvalidStack, match="Sign can't stand above Queue"):
        Stack(Sign(), Queue(), sink=MemorySink())


def test_signing_twice_is_signing_once() -> None:
    driver = StageDriver(Sign())
    driver.send(body=b"{}")
    driver.send(driver.received[0])
    once, twice = driver.received
    assert once.headers == twice.headers
