"""The header `Retry-After` in all its forms."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.pipeline.retry_after import retry_after

from .helpers import repeatable


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("5", 5.0),
        (" 5 ", 5.0),
        ("2.5", 2.5),
        ("1e12", 100.0),
        ("inf", 100.0),
        ("100.5", 100.0),
        ("nan", None),
        ("-1", None),
        ("-inf", None),
        ("", None),
        ("soon", None),
        (None, None),
        ("5;", None),
        ("5" + " " * 63, 5.0),
        ("5" + " " * 64, None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Mon, 99 Foo 9999 99:99:99 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 100.0),
    ],
)
def test_what_a_server_may_say(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, 100.0) == seconds


def test_a_date_to_come_is_the_time_until_then() -> None:
    before = time.time()
    seconds = retry_after(formatdate(int(before) + 50, usegmt=True), 100.0)
    assert seconds is not None
    assert int(before) + 50 - time.time() <= seconds <= 50.0


def test_a_date_far_away_is_cut_at_the_ceiling() -> None:
    assert retry_after(formatdate(time.time() + 5_000, usegmt=True), 100.0) == 100.0


@repeatable
@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,9} [A-Z][a-z]{2} \d{1,9} \d+:\d+:\d+ ([+-]\d+|GMT)?"))
def test_no_text_makes_it_raise(value: str) -> None:
    seconds = retry_after(value, 100.0)
    assert seconds is None or 0.0 <= seconds <= 100.0
