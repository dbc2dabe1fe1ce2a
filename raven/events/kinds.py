"""What a type is, and what an object has, found out without running anything of the program's.

`type(x)` is asked for the type, because `isinstance` asks the object. A metaclass of the program's own may have attributes
by the names that all types have, so those are read as `type` itself does it.
"""

from __future__ import annotations

import array
import datetime
import enum
import sys
from abc import ABCMeta
from collections import deque, namedtuple
from itertools import repeat
from types import BuiltinFunctionType, FunctionType
from typing import Any

from .clip import clip

_name_of = type.__dict__["__name__"].__get__
_members_of = type.__dict__["__dict__"].__get__
_ancestors = type.__dict__["__mro__"].__get__
module_of = type.__dict__["__module__"].__get__
arguments_of = BaseException.__dict__["args"].__get__

_EMPTY: dict[Any, Any] = {}
_VIEWS = (type(_EMPTY.keys()), type(_EMPTY.values()), type(_EMPTY.items()))
CONTAINERS: tuple[type, ...] = (dict, list, tuple, set, frozenset, deque, array.array, *_VIEWS)
# Nothing of the program's runs when these are rendered, nor is their text long.
_LEAVES = frozenset(
    {type(None), bool, int, float, complex, str, bytes, type, FunctionType, BuiltinFunctionType, range}
    | {datetime.date, datetime.time, datetime.timedelta, datetime.datetime}
)
_COLLECTIONS = namedtuple.__code__.co_filename


def name_of(kind: type) -> str:
    """The name of a class."""
    return clip(_name_of(kind), 100)


def is_plain(meta: type) -> bool:
    """Whether classes of this kind can be asked for a hash. Of others, who knows what theirs does."""
    return meta is type or meta is ABCMeta or meta is enum.EnumMeta


def is_leaf(kind: type) -> bool:
    """Whether it is a built-in one of which a text can be made at no risk and no cost."""
    return is_plain(type(kind)) and (kind in _LEAVES or is_decimal(kind))


def is_decimal(kind: type) -> bool:
    """Whether it is the class of decimals. Their module takes long to import, and a program that has one has done so."""
    return kind is getattr(sys.modules.get("decimal"), "Decimal", None)


def is_error(value: Any) -> bool:
    """Whether it is an exception."""
    return issubclass(type(value), BaseException)


def is_container(value: Any) -> bool:
    """Whether it has other values in it, of any number."""
    return issubclass(type(value), CONTAINERS)


def method_of(kind: type, name: str) -> Any:
    """The method that is called for a class: its own, or the one that it inherits."""
    for each in _ancestors(kind):
        members = _members_of(each)
        if name in members:
            return members[name]
    raise AttributeError(name)


def field_of(value: Any, name: str) -> Any:
    """An attribute of an object, or words that say why there is none."""
    try:
        return object.__getattribute__(value, name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<{name_of(type(error))}>"


def values_of(value: Any, names: tuple[str, ...]) -> list[Any]:
    """Attributes of an object, each as `field_of` gives it."""
    try:
        found = list(map(object.__getattribute__, repeat(value), names))
        if len(found) == len(names):  # no attribute has raised StopIteration
            return found
    except KeyboardInterrupt:
        raise
    except BaseException:
        pass
    return [field_of(value, name) for name in names]  # one by one


def fields_of(kind: type) -> tuple[str, ...] | None:
    """The names of the fields that the `repr` of a class shows, if that `repr` is one that the class got as a gift.

    Shown field by field, an object is bounded, and a secret in it can be told by its name.
    """
    owner = next(each for each in _ancestors(kind) if "__repr__" in _members_of(each))
    members = _members_of(owner)
    show = members["__repr__"]
    if type(show) is not FunctionType:
        return None
    wrapped = show.__dict__.get("__wrapped__", show)
    made = wrapped.__code__.co_filename if type(wrapped) is FunctionType else ""
    if "__dataclass_fields__" in members and made == "<string>":
        from dataclasses import fields  # slow to import, and here it has been imported

        return tuple(field.name for field in fields(owner) if field.repr)
    if "__attrs_attrs__" in members and made.startswith("<attrs generated"):
        attributes = members["__attrs_attrs__"]
        return tuple(each.name for each in attributes) if all(each.repr is True for each in attributes) else None
    if issubclass(kind, tuple) and type(members.get("_fields")) is tuple and made == _COLLECTIONS:
        return tuple(name for name in members["_fields"] if type(name) is str)
    return None
