"""What an exception says, and what any object says when it is put into a text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .bounds import bounds_of
from .kinds import arguments_of, fields_of, is_container, is_error, is_leaf, method_of
from .manners import error as shown_error
from .manners import shown_arguments, written
from .own_words import is_refused
from .values import Simplifier

_MOST_WITHIN = 10
"""Exceptions that have only each other to say."""
_OF_ARGUMENTS = tuple(kind.__dict__["__str__"] for kind in (BaseException, KeyError, OSError))


def message_of(error: BaseException, simplifier: Simplifier | None = None, length: int = 4_096) -> str:
    """What an exception says, or words that say why it says nothing. Only Ctrl-C gets out of here."""
    simplifier = simplifier or Simplifier()
    for _ in range(_MOST_WITHIN):
        arguments, method = arguments_of(error), method_of(type(error), "__str__")
        if method is not BaseException.__str__ or len(arguments) != 1:
            break
        if type(arguments[0]) is str:  # as with most
            return simplifier.text(arguments[0], length)
        if not is_error(arguments[0]):
            break
        error = arguments[0]  # is all that it says
    if any(method is each for each in _OF_ARGUMENTS) and any(_shows_all(each) for each in arguments):
        # str() would show all that is in them, however much that is.
        text = ", ".join(shown_arguments(simplifier, arguments, bounds_of(4, 50, length)))
        return simplifier.text(text if len(arguments) == 1 else f"({text})", length)
    text = simplifier.own_words(error, length, str)
    if is_refused(text, error, str):  # then what it was made of has to do
        text = f"{text} {shown_error(simplifier, error, bounds_of(2, 20, length), False)}"
    return simplifier.text(text, length)


def text_of(value: Any, simplifier: Simplifier, length: int = 1_024) -> str:
    """What `str` makes of any object, or words that say why it makes nothing. Only Ctrl-C gets out of here."""
    if is_error(value):
        return message_of(value, simplifier, length)
    if is_container(value) or (_shows_all(value) and method_of(type(value), "__str__") is object.__str__):
        return quoted(value, simplifier, length)
    if issubclass(type(value), str):
        return simplifier.text(str.__str__(value), length)
    return simplifier.text(simplifier.own_words(value, length, str), length)


def quoted(value: Any, simplifier: Simplifier, length: int = 1_024) -> str:
    """What `repr` makes of any object, or words that say why it makes nothing. Only Ctrl-C gets out of here."""
    if _shows_all(value):
        return simplifier.text(written(simplifier.copy(value, bounds_of(4, 50, length))), length)
    return simplifier.describe(value, length)


def _shows_all(value: Any) -> bool:
    """Whether its `repr` has all in it that the value has, and is made by C code, which nothing can interrupt."""
    kind = type(value)
    if is_leaf(kind):
        return False
    return is_container(value) or is_error(value) or kind is SimpleNamespace or fields_of(kind) is not None
