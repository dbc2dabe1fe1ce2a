"""Values that nothing changes, for what every program imports.

Elsewhere they are frozen dataclasses. But to import `dataclasses`, and to compile what it writes for each class, took a
third of the time in which Raven was imported. Nor are they named tuples: an event shows all parts of a tuple.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from inspect import Parameter, Signature

    from typing_extensions import dataclass_transform
else:  # Python 3.10 has none; it is there for type checkers
    dataclass_transform = getattr(typing, "dataclass_transform", lambda **_: lambda kind: kind)

_Self = TypeVar("_Self", bound="Frozen")

_NOTHING: Any = object()
_CLASS_VARIABLE = re.compile(r"(\w+\.)?ClassVar\b")


class Field:
    """An attribute as its class declares it: its default, or what makes one for each value; whether `repr` shows it; and
    what others want to know `about` it.
    """

    __slots__ = ("about", "annotation", "default", "factory", "shown")

    def __init__(
        self, default: Any = _NOTHING, factory: Callable[[], Any] | None = None, shown: bool = True, **about: Any
    ) -> None:
        self.annotation: Any = None
        self.default, self.factory, self.shown, self.about = default, factory, shown, about

    @property
    def is_required(self) -> bool:
        """Whether a value can't be made without it."""
        return self.default is _NOTHING and self.factory is None

    def made(self) -> Any:
        """The default."""
        return self.factory() if self.factory else self.default


def made_by(factory: Callable[[], Any], *, repr: bool = True) -> Any:
    """An attribute whose default is made for each value, where one that all share would not do. `repr`: show it there."""
    return Field(factory=factory, shown=repr)


class _SignatureOfFields:
    """What `help` shows, and `inspect.signature`."""

    def __get__(self, value: object, owner: type[Frozen]) -> Signature:
        if value is not None or owner.__init__ is not Frozen.__init__:
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature

        return Signature([_parameter(Parameter, name, field) for name, field in fields_of(owner).items()])


@dataclass_transform(frozen_default=True)
class Frozen:
    """Base of values: one is made of its class's annotated attributes, in their order or by name, and is never changed.
    It equals another of its class with equal attributes. `__post_init__` is called when it is made.

    A subclass that only assigns to an attribute which it inherits gives it another default.
    """

    _fields: ClassVar[Mapping[str, Field]] = {}
    __signature__ = _SignatureOfFields()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        fields: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            fields.update(vars(base).get("_fields", {}))
        _declare(cls, fields)
        cls._fields = fields
        type.__setattr__(cls, "__match_args__", tuple(fields))  # which type checkers make themselves

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = self._fields
        if len(values) == len(fields) and not named:
            vars(self).update(zip(fields, values, strict=True))
        else:
            vars(self).update(_arguments(type(self), values, named))
        self.__post_init__()

    def __post_init__(self) -> None:
        """For what a class does besides."""

    def replace(self: _Self, **changes: Any) -> _Self:
        """The same with other values of these attributes."""
        return type(self)(**{**dict(zip(self._fields, _values(self), strict=True)), **changes}) if changes else self

    __replace__ = replace

    def __eq__(self, other: object) -> bool:
        return _values(self) == _values(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(_values(self))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} can't be changed: make another one, with another {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} can't be changed: its {name} stays")

    def __repr__(self) -> str:
        """As the code that made it: only what differs from the defaults."""
        changed = (
            f"{name}={value!r}"
            for (name, field), value in zip(self._fields.items(), _values(self), strict=True)
            if field.shown and value != field.made()
        )
        return f"{type(self).__name__}({', '.join(changed)})"


def fields_of(owner: type[Frozen]) -> Mapping[str, Field]:
    """What a class declares, by name; those first that it inherits."""
    return owner._fields


def _values(value: Frozen) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name in fields_of(type(value)))


def _declare(owner: type[Frozen], fields: dict[str, Field]) -> None:
    """Add what a class itself declares. Its attributes of these names become their defaults, as Python has it."""
    annotations = owner.__annotations__
    for name, annotation in annotations.items():
        if _is_class_variable(annotation, owner.__module__):
            fields.pop(name, None)
            continue
        given = vars(owner).get(name, _NOTHING)
        field = fields[name] = given if isinstance(given, Field) else Field(given)
        field.annotation = annotation
        if field.default is not _NOTHING:
            setattr(owner, name, field.default)
        elif given is field:
            delattr(owner, name)
    for name in fields.keys() & vars(owner).keys() - annotations.keys():
        given = vars(owner)[name]
        if not hasattr(type(given), "__get__"):  # no property, which stands in the attribute's place
            inherited = fields[name]
            fields[name] = Field(given, **inherited.about)
            fields[name].annotation = inherited.annotation
    had_default = ""
    for name, field in fields.items():
        _check_default(owner, name, field.default)
        if field.is_required and had_default:
            raise TypeError(f"{owner.__name__}: {name} needs a default, for {had_default} before it has one")
        if not field.is_required:
            had_default = name


def _check_default(owner: type[Frozen], name: str, default: Any) -> None:
    kind = type(default)
    if kind.__module__ == "dataclasses":
        raise TypeError(f"{owner.__name__} is no dataclass: the default of {name} can't be a field(...)")
    if kind.__hash__ is None:
        raise TypeError(f"{owner.__name__}: all would share the default of {name}, a {kind.__name__}: give a factory")


def _is_class_variable(annotation: Any, module: str) -> bool:
    if not isinstance(annotation, str):
        return ClassVar in (annotation, typing.get_origin(annotation))
    if _CLASS_VARIABLE.match(annotation):
        return True
    # It may be called otherwise where the class is.
    first, *others = annotation.partition("[")[0].strip().split(".")
    named = getattr(sys.modules.get(module), first, None)
    for each in others:
        named = getattr(named, each, None)
    return named is ClassVar


def _arguments(owner: type[Frozen], values: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
    """What each attribute is to be. Raises `TypeError` as Python does for the arguments of a function."""
    fields = fields_of(owner)
    if len(values) > len(fields):
        raise TypeError(f"{owner.__name__} has {len(fields)} attributes, and was given {len(values)}")
    given = dict(zip(fields, values, strict=False))
    for name, value in named.items():
        if name not in fields:
            raise TypeError(f"{owner.__name__} has no attribute {name}; it has {', '.join(fields) or 'none'}")
        if name in given:
            raise TypeError(f"{owner.__name__} was given {name} twice")
        given[name] = value
    for name, field in fields.items():
        if name not in given:
            if field.is_required:
                raise TypeError(f"{owner.__name__} needs {name}")
            given[name] = field.made()
    return given


def _parameter(make: type[Parameter], name: str, field: Field) -> Parameter:
    default = ... if field.factory else make.empty if field.is_required else field.default
    return make(name, make.POSITIONAL_OR_KEYWORD, default=default, annotation=field.annotation)
