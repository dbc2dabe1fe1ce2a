"""Values that nothing changes, for what every program imports.

Elsewhere they are frozen dataclasses. But to import `dataclasses`, and to compile what it writes for each class, took a third
of the time in which Raven was imported. Nor are they named tuples: an event shows all parts of a tuple.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from inspect import Parameter, Signature

    from typing_extensions import dataclass_transform
else:  # Python 3.10 has none; it is there for type checkers
    dataclass_transform = getattr(typing, "dataclass_transform", lambda **_: lambda kind: kind)

_Self = TypeVar("_Self", bound="Frozen")

NOTHING: Any = object()
_CLASS_VARIABLE = re.compile(r"(\w+\.)?ClassVar\b")


class Field:
    """An attribute as its class declares it: its default, or what makes one for each value. `about` is for others."""

    __slots__ = ("about", "annotation", "default", "factory")

    def __init__(self, default: Any = NOTHING, factory: Callable[[], Any] | None = None, **about: Any) -> None:
        self.annotation: Any = None
        self.default, self.factory, self.about = default, factory, about


class _SignatureOfFields:
    """What `help` shows, and `inspect.signature`."""

    def __get__(self, _: object, owner: type[Frozen]) -> Signature:
        if owner.__init__ is not Frozen.__init__:
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature

        return Signature([_parameter(Parameter, name, field) for name, field in fields_of(owner).items()])


@dataclass_transform(frozen_default=True)
class Frozen:
    """Base of values: one is made of its class's annotated attributes, in their order or by name, and is never changed.
    It equals another of its class with equal attributes. `__post_init__` is called when it is made.
    """

    _fields: ClassVar[Mapping[str, Field]] = {}
    _defaults: ClassVar[Mapping[str, Any]] = {}
    _factories: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    __signature__ = _SignatureOfFields()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        fields: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            fields.update(vars(base).get("_fields", {}))
        fields.update(_declared(cls))
        cls._fields = fields
        cls._defaults = {name: each.default for name, each in fields.items() if each.default is not NOTHING}
        cls._factories = {name: each.factory for name, each in fields.items() if each.factory is not None}

    def __init__(self, *values: Any, **named: Any) -> None:
        fields, attributes = self._fields, vars(self)
        attributes.update(self._defaults)
        attributes.update(zip(fields, values, strict=False))
        attributes.update(named)
        for name, make in self._factories.items():
            if name not in attributes:
                attributes[name] = make()
        if attributes.keys() != fields.keys() or (values and (named or len(values) > len(fields))):
            _check_arguments(type(self), values, named)
        self.__post_init__()

    def __post_init__(self) -> None:
        """For what a class does besides."""

    def replace(self: _Self, **changes: Any) -> _Self:
        """The same with other values of these attributes."""
        return type(self)(**{**vars(self), **changes}) if changes else self

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(vars(self).items()))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} can't be changed: make another one, with another {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} can't be changed: its {name} stays")

    def __repr__(self) -> str:
        """As the code that made it: only what differs from the defaults."""
        changed = (
            f"{name}={getattr(self, name)!r}"
            for name, field in self._fields.items()
            if field.factory is None and getattr(self, name) != field.default
        )
        return f"{type(self).__name__}({', '.join(changed)})"


def fields_of(owner: type[Frozen]) -> Mapping[str, Field]:
    """What a class declares, by name; those first that it inherits."""
    return owner._fields


def _declared(owner: type[Frozen]) -> Iterator[tuple[str, Field]]:
    """The fields that a class itself declares. Its attributes of these names become their defaults, as Python has it."""
    for name, annotation in owner.__annotations__.items():
        if _CLASS_VARIABLE.match(annotation if isinstance(annotation, str) else str(annotation)):
            continue
        given = vars(owner).get(name, NOTHING)
        if type(given).__module__ == "dataclasses":
            raise TypeError(f"{owner.__name__} is no dataclass: the default of {name} can't be a field(...)")
        field = given if isinstance(given, Field) else Field(given)
        field.annotation = annotation
        if field.default is not NOTHING:
            setattr(owner, name, field.default)
        elif name in vars(owner):
            delattr(owner, name)
        yield name, field


def _check_arguments(owner: type[Frozen], values: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Raises `TypeError`, as Python does for the arguments of a function, if one is missing, twice there, or unknown."""
    fields = fields_of(owner)
    if len(values) > len(fields):
        raise TypeError(f"{owner.__name__} has {len(fields)} attributes, and was given {len(values)}")
    given = dict(zip(fields, values, strict=False))
    for name in named:
        if name not in fields:
            raise TypeError(f"{owner.__name__} has no attribute {name}; it has {', '.join(fields) or 'none'}")
        if name in given:
            raise TypeError(f"{owner.__name__} was given {name} twice")
    for name, field in fields.items():
        if name not in given and name not in named and field.default is NOTHING and field.factory is None:
            raise TypeError(f"{owner.__name__} needs {name}")


def _parameter(make: type[Parameter], name: str, field: Field) -> Parameter:
    default = ... if field.factory else make.empty if field.default is NOTHING else field.default
    return make(name, make.POSITIONAL_OR_KEYWORD, default=default, annotation=field.annotation)
