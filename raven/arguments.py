"""Check what a program sets a client up with, at once. The errors name the argument and never its value."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from .errors import InvalidOption

_T = TypeVar("_T")


def text(name: str, value: Any, variable: str | None = None) -> str | None:
    """Text that is not empty, or None; None given is what the environment variable has."""
    if value is None:
        return os.environ.get(variable, "").strip() or None if variable else None
    given: str = _checked(name, value, isinstance(value, str), "text")
    return given or None


def flag(name: str, value: bool) -> bool:
    """True or False."""
    return _checked(name, value, type(value) is bool, "True or False")


def fraction(name: str, value: float) -> float:
    """A number from 0 to 1."""
    return _checked(name, value, type(value) in (int, float) and 0 <= value <= 1, "a number from 0 to 1")


def count(name: str, value: int, most: int) -> int:
    """A whole number from 0 to `most`."""
    return _checked(name, value, type(value) is int and 0 <= value <= most, f"a whole number from 0 to {most}")


def function(name: str, value: _T) -> _T:
    """A function, or None."""
    return _checked(name, value, value is None or callable(value), "a function or None")


def mapping(name: str, value: Mapping[str, object] | None) -> dict[str, object]:
    """A mapping, or None, which is an empty one."""
    if value is None:
        return {}
    _checked(name, value, isinstance(value, Mapping), "a mapping of names to values")
    return dict(value)


def texts(name: str, value: Any) -> tuple[str, ...]:
    """A collection of texts that are not empty."""
    return _collected(name, value, lambda each: isinstance(each, str) and each != "", "a list of texts")


def exceptions(name: str, value: Any) -> tuple[type[BaseException] | str, ...]:
    """A collection of classes of exceptions, and of names for such."""
    return _collected(
        name,
        value,
        lambda each: each != "" if type(each) is str else _is_exception_type(each),
        "a list of classes of exceptions, or of their names",
    )


def exception_types(name: str, value: Any) -> tuple[type[BaseException], ...]:
    """A collection of classes of exceptions."""
    return _collected(name, value, _is_exception_type, "classes of exceptions")


def _is_exception_type(value: Any) -> bool:
    # Its type is asked, and not it: a class may have a metaclass that answers as it likes.
    return issubclass(type(value), type) and issubclass(value, BaseException)


def _collected(name: str, value: Any, accepts: Callable[[Any], bool], what: str) -> tuple[Any, ...]:
    _checked(name, value, isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)), what)
    items = tuple(value)
    for each in items:
        _checked(name, each, accepts(each), what)
    return items


def _checked(name: str, value: _T, accepted: bool, what: str) -> _T:
    if not accepted:
        raise InvalidOption(f"{name}: {what} is accepted, not {type(value).__name__}")
    return value
