"""Options: the attributes of stages and sinks, from code or from a DSN's query string.

An option is an annotated attribute of a class that derives from `Configured`. Its name is what the DSN calls it, its
annotation says how text is read, and its default is the documented one. `option()` adds bounds, and aliases: other names
by which a DSN or a stack's keyword may call it. One that is annotated `str | Secret | None` may be given as a string, and
is a `Secret` from then on.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union
from weakref import WeakKeyDictionary

from .errors import InvalidOption
from .frozen import Field, Frozen, fields_of
from .secret import Secret

_Self = TypeVar("_Self", bound="Configured")

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def option(
    default: Any,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    aliases: tuple[str, ...] = (),
) -> Any:
    """An attribute with bounds: `minimum` and `maximum` are accepted, `above` is the greatest value that is not."""
    return Field(default, minimum=minimum, above=above, maximum=maximum, unit=unit, aliases=aliases)


class Configured(Frozen):
    """A value whose attributes are options, checked when it is made.

    A class that derives from it need only declare them: `region: str = "eu-1"`, or `size: int = option(5, minimum=1)`.
    An attribute whose type can't be written in a DSN (a function, say) is no option, and is left alone.
    """

    def __post_init__(self) -> None:
        """Check the options. A class that has more to check does so in its own, after this."""
        if hasattr(self, "__dataclass_fields__"):
            raise InvalidOption(
                f"{type(self).__name__}: no @dataclass is accepted: its attributes are options as it is"
            )
        if all(self._is_default(name, field) for name, field in self._fields.items()):
            return  # then no annotation need be read while Raven is imported
        for name, kind in options_of(type(self)).items():
            given = getattr(self, name)
            if not kind.accepts(given):
                raise InvalidOption(f"{name}: {kind} is accepted")
            if kind.origin is frozenset:  # other collections would do as well, but for being a part of a value
                vars(self)[name] = frozenset(given)
            elif kind.origin is bool:
                vars(self)[name] = given if given is None else bool(given)
            elif kind.origin is Secret and isinstance(given, str):
                vars(self)[name] = Secret(given)

    def _is_default(self, name: str, field: Field) -> bool:
        # Of a type that is left as it is; text may have to become a secret.
        kind = type(field.default)
        as_it_is = kind in _AS_THEY_ARE or (kind is str and "Secret" not in str(field.annotation))
        return as_it_is and getattr(self, name) is field.default

    def with_options(self: _Self, texts: Mapping[str, str]) -> _Self:
        """The same, with those options changed that `texts` names and this declares.

        Raises `InvalidOption` with the option's name and what it accepts.
        """
        if not texts:
            return self
        kinds = options_of(type(self))
        given = self._by_field(texts)
        return Frozen.replace(self, **{name: kinds[name].read(called, text) for name, (called, text) in given.items()})

    def with_values(self: _Self, values: Mapping[str, Any]) -> _Self:
        """The same, with those options changed that `values` names and this declares. Raises `InvalidOption`."""
        given = self._by_field(values)
        return Frozen.replace(self, **{name: value for name, (_, value) in given.items()})

    def _by_field(self, given: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
        """Those of the given options that this declares: under the field's name, the name and the value given."""
        kinds = options_of(type(self))
        found: dict[str, tuple[str, Any]] = {}
        for called, value in given.items():
            name = next((name for name, kind in kinds.items() if called == name or called in kind.aliases), None)
            if name is None:
                continue
            if name in found:
                raise InvalidOption(f"{found[name][0]} and {called} are two names of one option: give one of them")
            found[name] = called, value
        return found


class Kind:
    """What an option accepts."""

    def __init__(self, annotation: Any, field: Field) -> None:
        arguments = typing.get_args(annotation)
        self.optional = type(None) in arguments and typing.get_origin(annotation) in (Union, types.UnionType)
        if Secret in arguments:
            annotation = Secret
        elif self.optional:
            (annotation,) = (each for each in arguments if each is not type(None))
        self.origin = typing.get_origin(annotation) or annotation
        self.arguments = typing.get_args(annotation)
        self.minimum, self.above = field.about.get("minimum"), field.about.get("above")
        self.maximum = field.about.get("maximum")
        self.unit = field.about.get("unit", "")
        self.aliases: tuple[str, ...] = field.about.get("aliases", ())

    def accepts(self, value: Any) -> bool:
        """Whether this value may stand in the code."""
        if value is None:
            return bool(self.optional)
        if self.origin is Literal:
            return value in self.arguments
        if self.origin is frozenset:
            return isinstance(value, (frozenset, set, list, tuple)) and all(map(self._item_accepted, value))
        if self.origin is float:
            return type(value) in (int, float) and abs(value) <= sys.float_info.max and self._within(value)
        if self.origin is int:
            return type(value) is int and self._within(value)
        if self.origin is Secret:
            value = value.reveal() if isinstance(value, Secret) else value
        if self.origin in (str, Secret):
            return isinstance(value, str) and value.isprintable()
        return type(value) in (bool, int) and value in (0, 1)

    def read(self, name: str, text: str) -> Any:
        """The value that this text of a DSN stands for."""
        try:
            value = self._read(text)
        except ValueError:
            value = _UNREADABLE
        if value is _UNREADABLE or not self.accepts(value):
            raise InvalidOption(f"{name}: {self} is accepted")
        return value

    def _read(self, text: str) -> Any:
        if self.optional and text.lower() in ("", "none"):
            return None
        if self.origin is Literal:
            return next((each for each in self.arguments if str(each) == text), _UNREADABLE)
        if self.origin is frozenset:
            return frozenset(int(each) for each in text.split(",") if each)
        if self.origin is bool:
            word = text.lower()
            return True if word in _YES else False if word in _NO else _UNREADABLE
        return self.origin(text)

    def _item_accepted(self, item: Any) -> bool:
        return type(item) is int and self._within(item)

    def _within(self, value: float) -> bool:
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
        )

    def __str__(self) -> str:
        if self.origin is Literal:
            words = "one of " + ", ".join(map(str, self.arguments))
        elif self.origin is frozenset:
            words = "a list of whole numbers with commas between them" + self._bounds()
        elif self.origin is bool:
            words = "1 or 0"
        elif self.origin in (str, Secret):
            words = "printable text"
        else:
            words = "a whole number" if self.origin is int else "a number"
            words += f" of {self.unit}" if self.unit else ""
            words += self._bounds()
        return words + (", or none" if self.optional else "")

    def _bounds(self) -> str:
        if self.minimum is not None and self.maximum is not None:
            return f" from {self.minimum} to {self.maximum}"
        if self.minimum is not None:
            return f" that is at least {self.minimum}"
        return "" if self.above is None else f" greater than {self.above}"


_AS_THEY_ARE = frozenset({type(None), bool, int, float, frozenset})
_UNREADABLE = object()
_READABLE = frozenset({bool, int, float, str, Secret, frozenset, Literal})


def options_of(owner: type[Configured]) -> Mapping[str, Kind]:
    """The options that a class of stages or sinks declares, by name."""
    kinds = _known.get(owner)
    if kinds is None:
        kinds = _known[owner] = _read_annotations(owner)
    return kinds


_known: WeakKeyDictionary[type[Configured], Mapping[str, Kind]] = WeakKeyDictionary()


def _read_annotations(owner: type[Configured]) -> Mapping[str, Kind]:
    hints = typing.get_type_hints(owner)
    fields = fields_of(owner).items()
    kinds = {name: Kind(hints[name], field) for name, field in fields if not _is_other_union(hints[name])}
    return {name: kind for name, kind in kinds.items() if kind.origin in _READABLE}


def _is_other_union(annotation: Any) -> bool:
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return False
    members = set(typing.get_args(annotation)) - {type(None)}
    return len(members) != 1 and members != {str, Secret}
