"""Keep a text short."""

from __future__ import annotations

CUT = "..."
"""What says that something was left out."""


def clip(text: str, length: int) -> str:
    """At most `length` characters of a text, all of which UTF-8 can hold. It ends in "..." if it was cut."""
    if len(text) > length:
        text = text[: max(0, length - len(CUT))] + CUT
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: servers refuse it
        return clip(text.encode(errors="backslashreplace").decode(), length)
    return text
