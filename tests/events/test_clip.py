"""Texts are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.events.clip import clip


@pytest.mark.parametrize(
    ("text", "length", "clipped"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "..."),
        ("abcde", 4, "a..."),
        ("", 0, ""),
        ("\ud800", 6, "\\ud800"),
        ("\ud800\ud800", 8, "\\ud80..."),
        ("ab\ud800", 3, "..."),
    ],
)
def test_clip(text: str, length: int, clipped: str) -> None:
    assert clip(text, length) == clipped


@given(st.text(st.characters()), st.integers(3, 60))
def test_clipped_text_is_short_and_utf_8(text: str, length: int) -> None:
    result = clip(text, length)
    assert len(result) <= length
    result.encode()
