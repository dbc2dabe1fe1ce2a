"""Make a bounded, plain copy of any value: what JSON can hold, and nothing else.

The values come from a program that is failing, so nothing is trusted. An object's own methods are called in one place
only, `describe`, and whatever they do is caught. `type(x)` is asked for the type, because `isinstance` asks the object.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

_TEXT_CUT = "..."
_name_of_type = type.__dict__["__name__"].__get__  # a metaclass of the program's own may have another


def simplify(value: Any, *, depth: int = 4, breadth: int = 50, length: int = 1_024) -> Any:
    """A copy of `value` made of dicts with text keys, lists, text, numbers, booleans and None.

    At most `depth` containers are nested, with at most `breadth` entries each, and text has at most `length` characters;
    what is cut says so. Numbers that JSON has no form for become text.
    """
    return _simplify(value, depth, breadth, length, ())


def _simplify(value: Any, depth: int, breadth: int, length: int, parents: tuple[int, ...]) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return clip(value, length)
    if issubclass(kind, (dict, list, tuple, set, frozenset)):
        if id(value) in parents:
            return "<the same object again>"
        if depth <= 0:
            return f"<{_name(kind)} with {_len(value)} items>"
        try:
            return _container(value, kind, depth - 1, breadth, length, (*parents, id(value)))
        except RuntimeError:  # another thread changes it while we look
            return f"<{_name(kind)} that was being changed>"
    if issubclass(kind, int):
        return _number(int.__int__(value))
    if kind is float:
        return value if value - value == 0 else repr(value)
    if issubclass(kind, str):
        return clip(str.__str__(value), length)
    if kind is bytes or kind is bytearray:
        cut = _TEXT_CUT if len(value) > length else ""
        return clip(repr(bytes(value[:length])) + cut, length)
    return describe(value, length)


def _container(value: Any, kind: type, depth: int, breadth: int, length: int, parents: tuple[int, ...]) -> Any:
    # The built-in methods, not the object's own, which may do anything.
    if issubclass(kind, dict):
        result = {
            key if type(key) is str and len(key) <= length and key.isprintable() else _key(key, length): _simplify(
                item, depth, breadth, length, parents
            )
            for key, item in islice(dict.items(value), breadth)
        }
        if dict.__len__(value) > breadth:
            result[_TEXT_CUT] = f"{dict.__len__(value) - breadth} more"
        return result
    base = next(each for each in (list, tuple, set, frozenset) if issubclass(kind, each))
    items = [_simplify(item, depth, breadth, length, parents) for item in islice(base.__iter__(value), breadth)]
    if base.__len__(value) > breadth:
        items.append(f"{_TEXT_CUT} {base.__len__(value) - breadth} more")
    return items


def _len(value: Any) -> int:
    base = next(each for each in (dict, list, tuple, set, frozenset) if issubclass(type(value), each))
    return base.__len__(value)


def _key(key: Any, length: int) -> str:
    kind = type(key)
    return (
        clip(str.__str__(key), length)
        if issubclass(kind, str)
        else clip(str(_simplify(key, 1, 10, length, ())), length)
    )


def _number(value: int) -> int | str:
    # JSON has no bound, but readers do, and Python itself refuses to print the very long ones.
    return (
        value
        if -(2**63) <= value < 2**64
        else f"<int of {value.bit_length()} bits>"
        if abs(value) >= 2**512
        else str(value)
    )


def clip(text: str, length: int) -> str:
    """At most `length` characters of a text, all of which UTF-8 can hold. It ends in "..." if it was cut."""
    if len(text) > length:
        text = text[: max(0, length - len(_TEXT_CUT))] + _TEXT_CUT
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: servers refuse it
        return clip(text.encode(errors="backslashreplace").decode(), length)
    return text


def describe(value: Any, length: int = 1_024) -> str:
    """The object's `repr`, or words that say why there is none. Only Ctrl-C gets out of here."""
    return _rendered(repr, value, length)


def message_of(error: BaseException, length: int = 4_096) -> str:
    """What an exception says, or words that say why it says nothing. Only Ctrl-C gets out of here."""
    return _rendered(str, error, length)


def _rendered(render: Callable[[Any], str], value: Any, length: int) -> str:
    try:
        text = render(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<{_name(type(value))} whose {render.__name__} raised {_name(type(error))}>"
    return clip(str.__str__(text), length)


def _name(kind: type) -> str:
    return clip(_name_of_type(kind), 100)
