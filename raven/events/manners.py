"""In what manner values of a type are shown. It is found out once for each type."""

from __future__ import annotations

import enum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .bounds import Bounds
from .clip import CUT
from .containers import AGAIN, SMALL, Manner, container, fielded, known_manners
from .kinds import (
    CONTAINERS,
    arguments_of,
    field_of,
    fields_of,
    is_plain,
    method_of,
    module_of,
    name_of,
)
from .libraries import is_library_module
from .scrub import FILTERED

if TYPE_CHECKING:
    from .values import Simplifier

_MOST_KINDS = 1_024


def manner_of(kind: type) -> Manner:
    """How values of a type are shown."""
    if not is_plain(type(kind)):
        return _find_manner(kind)
    known = known_manners.get(kind)
    if known is None:
        if len(known_manners) >= _MOST_KINDS:
            known_manners.clear()
        known = known_manners[kind] = _BUILT_IN.get(kind) or _find_manner(kind)
    return known


def shown_arguments(simplifier: Simplifier, arguments: tuple[Any, ...], bounds: Bounds) -> list[str]:
    """What an exception was made of."""
    shown: list[str] = []
    for each in arguments[: bounds.breadth]:
        if bounds.depth < 0 or simplifier.spent:
            break
        copy = simplifier.copy(each, bounds.below)
        shown.append(written(copy) if type(copy) is dict or issubclass(type(each), str) else str(copy))
    return shown if len(shown) == len(arguments) else [*shown, CUT]


def written(copy: Any) -> str:
    """A copy as a text. Of an object with fields, that is as Python writes it: `Point(x=1)`."""
    if type(copy) is not dict or "__class__" not in copy:
        return repr(copy)
    fields = ", ".join(f"{name}={written(value)}" for name, value in copy.items() if name != "__class__")
    return f"{copy['__class__']}({fields})"


def error(simplifier: Simplifier, value: BaseException, bounds: Bounds, code: bool) -> str:
    """An exception, by what it was made of."""
    if id(value) in simplifier.open:
        return AGAIN
    simplifier.open.add(id(value))
    try:
        arguments = ", ".join(shown_arguments(simplifier, arguments_of(value), bounds))
    finally:
        simplifier.open.discard(id(value))
    return simplifier.text(f"{name_of(type(value))}({arguments})", bounds.length)


def _find_manner(kind: type) -> Manner:
    fields = fields_of(kind)
    if fields is not None:
        return fielded(name_of(kind), fields)
    if issubclass(kind, CONTAINERS):
        return container(next(each for each in CONTAINERS if issubclass(kind, each)), kind)
    if issubclass(kind, enum.Enum):
        return _own_words
    if issubclass(kind, int):
        return _int
    if issubclass(kind, str):
        return _text
    if issubclass(kind, BaseException) and method_of(kind, "__repr__") is BaseException.__repr__:
        return error
    # Of a library's objects, nobody wants to know more than that they are there.
    if method_of(kind, "__repr__") is object.__repr__ and not is_library_module(module_of(kind)):
        return _attributes
    return _own_words


def _same(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> Any:
    return value


def _text(simplifier: Simplifier, value: str, bounds: Bounds, code: bool) -> str:
    return simplifier.text(value if type(value) is str else str.__str__(value), bounds.length, code)


def _int(simplifier: Simplifier, value: int, bounds: Bounds, code: bool) -> int | str:
    # JSON has no bound, but readers do, and Python itself refuses to print the very long ones.
    number = int.__int__(value)
    if -SMALL < number < SMALL:
        return number
    if -(2**63) <= number < 2**64:
        return FILTERED if simplifier.is_secret(number) else number
    return f"<int of {number.bit_length()} bits>" if abs(number) >= 2**512 else str(number)


def _float(simplifier: Simplifier, value: float, bounds: Bounds, code: bool) -> float | str:
    return value if value - value == 0 else repr(value)


def _bytes(simplifier: Simplifier, value: bytes | bytearray, bounds: Bounds, code: bool) -> str:
    cut = CUT if len(value) > bounds.length else ""
    return simplifier.text(repr(bytes(value[: bounds.length])) + cut, bounds.length)


def _namespace(simplifier: Simplifier, value: SimpleNamespace, bounds: Bounds, code: bool) -> Any:
    names = tuple(name for name in SimpleNamespace.__getattribute__(value, "__dict__") if type(name) is str)
    return fielded("SimpleNamespace", names)(simplifier, value, bounds, code)


def _attributes(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> Any:
    # Its `repr` would only say where in memory it is. But a class that is called Password keeps what it has to itself.
    held = field_of(value, "__dict__")
    name = name_of(type(value))
    if type(held) is not dict or not held or bounds.depth <= 0 or simplifier.hides[name]:
        return simplifier.describe(value, bounds.length)
    names = tuple(each for each in held.copy() if type(each) is str)
    return fielded(name, names)(simplifier, value, bounds, code)


def _own_words(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> str:
    return simplifier.describe(value, bounds.length)


_BUILT_IN: dict[type, Manner] = {
    type(None): _same,
    bool: _same,
    str: _text,
    int: _int,
    float: _float,
    bytes: _bytes,
    bytearray: _bytes,
    dict: container(dict, dict),
    SimpleNamespace: _namespace,
}
