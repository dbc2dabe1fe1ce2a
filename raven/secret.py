"""A string that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A key or a password. Its `repr` and `str` are `***`, it can't be pickled, and only `reveal()` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself. For a header that is about to be sent, never for a message or a log line."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled or copied into another process: pass the DSN another way")
