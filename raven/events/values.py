"""Make a bounded, plain copy of any value: what JSON can hold, and nothing else.

The values come from a program that is failing, so nothing is trusted. An object's own methods are called in one place
only, `_rendered`, and whatever they do is caught. `type(x)` is asked for the type, because `isinstance` asks the object.
"""

from __future__ import annotations

import array
import dataclasses
import datetime
import enum
import re
import sys
import time
from abc import ABCMeta
from collections import deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, SimpleNamespace
from typing import Any

from .libraries import is_library_module
from .scrub import FILTERED, Scrubber

_CUT = "..."
_SLACK = 1_024
"""Characters of a long text that are searched for secrets beyond those that are shown: one may begin before the cut."""
_REPR_TIME = 0.1
"""Seconds for which one object's own method may run."""
_SMALL = 10**12
"""Below this, a whole number is no card's."""
_MOST_KINDS = 1_024
_NAME = re.compile(r"[\w .\[\]-]{1,100}")
_WHOLE_NAME = 100
"""Characters of a name that are shown at least: what is cut off may be what tells."""
_MOST_WITHIN = 10
"""Exceptions that have only each other to say."""
_AGAIN = "<the same object again>"
_CODE_KEYS = frozenset({"context_line", "pre_context", "post_context"})

_name_of_type = type.__dict__["__name__"].__get__  # a metaclass of the program's own may have another
_module_of_type = type.__dict__["__module__"].__get__
_members_of_type = type.__dict__["__dict__"].__get__
_ancestors = type.__dict__["__mro__"].__get__
_arguments = BaseException.__dict__["args"].__get__
_OF_ARGUMENTS = tuple(kind.__dict__["__str__"] for kind in (BaseException, KeyError, OSError))
_EMPTY: dict[Any, Any] = {}
_VIEWS = (type(_EMPTY.keys()), type(_EMPTY.values()), type(_EMPTY.items()))
_CONTAINERS: tuple[type, ...] = (dict, list, tuple, set, frozenset, deque, array.array, *_VIEWS)
# Nothing of the program's runs when these are rendered, nor is their text long.
_LEAVES = frozenset(
    {type(None), bool, int, float, complex, str, bytes, type, FunctionType, BuiltinFunctionType, Decimal, range}
    | {datetime.date, datetime.time, datetime.timedelta, datetime.datetime}
)


class _Level:
    """The bounds of what is shown."""

    __slots__ = ("_below", "breadth", "depth", "length")

    def __init__(self, depth: int, breadth: int, length: int) -> None:
        self.depth, self.breadth, self.length = depth, breadth, length
        self._below: _Level | None = None

    def below(self) -> _Level:
        """The bounds of what is within."""
        if self._below is None:
            self._below = _Level(self.depth - 1, self.breadth, self.length)
        return self._below


_VARIABLES = _Level(depth=4, breadth=20, length=512)


class _NothingHidden(dict[str, bool]):
    """Takes the place of the names that a scrubber knows."""

    def __missing__(self, name: str) -> bool:
        return False


_NOTHING_HIDDEN = _NothingHidden()


class Simplifier:
    """Copies values, all of them together within bounds, without secrets.

    `scrubber`: None leaves secrets in. `nodes`: values in all; `characters`: of text in all; `seconds`: for which objects'
    own methods may run in all. What is over a bound is replaced by words that say so. `reprs`: False calls no object's
    own methods.
    """

    def __init__(
        self,
        scrubber: Scrubber | None = None,
        *,
        nodes: float = float("inf"),
        characters: float = float("inf"),
        seconds: float = 1.0,
        reprs: bool = True,
    ) -> None:
        self._scrubber = scrubber
        self._hides = _NOTHING_HIDDEN if scrubber is None else scrubber.hides
        self._nodes = nodes
        self._characters = characters
        self._seconds = seconds
        self._reprs = reprs
        self._open: set[int] = set()
        self._shown: dict[int, tuple[Any, Any]] = {}

    @property
    def spent(self) -> bool:
        """Whether there is nothing left to spend on further values."""
        return self._nodes <= 0 or self._characters <= 0

    def simplify(self, value: Any, *, depth: int = 4, breadth: int = 50, length: int = 1_024) -> Any:
        """A copy of `value` made of dicts with text keys, lists, text, numbers, booleans and None.

        At most `depth` containers are nested, with at most `breadth` entries each, and text has at most `length`
        characters; what is cut says so. Numbers that JSON has no form for become text.
        """
        return self._copy(value, _Level(depth, breadth, length))

    def variables(self, pairs: list[tuple[Any, Any]], most: int) -> dict[str, Any]:
        """What at most `most` variables held, by name. Text is quoted, so that "1" and 1 can be told apart."""
        return self._pairs(pairs, len(pairs), _VARIABLES, most, True)

    def text(self, text: str, length: int = 1_024, code: bool = False) -> str:
        """At most `length` characters of a text, without secrets. `code`: the text is source code."""
        if self._scrubber is not None:
            cut = len(text) > length + _SLACK
            text = self._scrubber.text(text[: length + _SLACK] if cut else text, code)
            text = clip(text + _CUT, length) if cut else text
        if len(text) > length or not text.isascii():
            text = clip(text, length)
        self._characters -= len(text)
        return text

    def describe(self, value: Any, length: int = 1_024) -> str:
        """The object's `repr`, or words that say why there is none. Only Ctrl-C gets out of here."""
        if type(value) is str:
            if len(value) <= length - 2:
                return self.text(repr(value), length)
            size = f"... ({len(value)} characters)"
            return self.text(repr(value[: length + _SLACK])[:-1], length - len(size)).removesuffix(_CUT) + size
        return self.text(self._rendered(repr, value, length), length)

    def message_of(self, error: BaseException, length: int = 4_096) -> str:
        """What an exception says, or words that say why it says nothing. Only Ctrl-C gets out of here."""
        for _ in range(_MOST_WITHIN):
            arguments, method = _arguments(error), _method(type(error), "__str__")
            if method is not BaseException.__str__ or len(arguments) != 1 or not _is_error(arguments[0]):
                break
            error = arguments[0]  # is all that it says
        if any(method is each for each in _OF_ARGUMENTS) and any(
            _is_container(each) or _is_error(each) for each in arguments
        ):
            # str() would show all that is in them, however much that is.
            text = ", ".join(self._shown_arguments(arguments, _Level(4, 50, length)))
            return self.text(text if len(arguments) == 1 else f"({text})", length)
        text = self._rendered(str, error, length)
        if text.startswith(f"<{_name(type(error))} whose str "):  # then what it was made of has to do
            text = f"{text} {self._error(error, _Level(2, 20, length), False)}"
        return self.text(text, length)

    def text_of(self, value: object, length: int = 1_024) -> str:
        """What `str` makes of any object, or words that say why it makes nothing. Only Ctrl-C gets out of here."""
        if issubclass(type(value), BaseException):
            return self.message_of(value, length)  # type: ignore[arg-type]  # isinstance would ask the object
        if _is_container(value):
            return self.text(str(self._copy(value, _Level(4, 50, length))), length)
        if issubclass(type(value), str):
            return self.text(str.__str__(value), length)
        return self.text(self._rendered(str, value, length), length)

    def _copy(self, value: Any, level: _Level, code: bool = False) -> Any:
        self._nodes -= 1
        kind = type(value)
        manner = _manners.get(kind) if type(kind) is type else None
        return (manner or _manner_of(kind))(self, value, level, code)

    def _same(self, value: Any, level: _Level, code: bool) -> Any:
        return value

    def _text(self, value: str, level: _Level, code: bool) -> str:
        return self.text(value if type(value) is str else str.__str__(value), level.length, code)

    def _int(self, value: int, level: _Level, code: bool) -> int | str:
        # JSON has no bound, but readers do, and Python itself refuses to print the very long ones.
        number = int.__int__(value)
        if -_SMALL < number < _SMALL:
            return number
        if -(2**63) <= number < 2**64:
            return FILTERED if self._scrubber is not None and self._scrubber.number(number) else number
        return f"<int of {number.bit_length()} bits>" if abs(number) >= 2**512 else str(number)

    def _float(self, value: float, level: _Level, code: bool) -> float | str:
        return value if value - value == 0 else repr(value)

    def _bytes(self, value: bytes | bytearray, level: _Level, code: bool) -> str:
        cut = _CUT if len(value) > level.length else ""
        return self.text(repr(bytes(value[: level.length])) + cut, level.length)

    def _dict(self, value: dict[Any, Any], level: _Level, code: bool) -> Any:
        return self._container(value, dict, level, code)

    def _namespace(self, value: SimpleNamespace, level: _Level, code: bool) -> Any:
        names = tuple(name for name in SimpleNamespace.__getattribute__(value, "__dict__") if type(name) is str)
        return self._object(value, "SimpleNamespace", names, level)

    def _error(self, value: BaseException, level: _Level, code: bool) -> str:
        if id(value) in self._open:
            return _AGAIN
        self._open.add(id(value))
        try:
            arguments = ", ".join(self._shown_arguments(_arguments(value), level))
        finally:
            self._open.discard(id(value))
        return self.text(f"{_name(type(value))}({arguments})", level.length)

    def _shown_arguments(self, arguments: tuple[Any, ...], level: _Level) -> list[str]:
        shown: list[str] = []
        for each in arguments[: level.breadth]:
            if level.depth < 0 or self._nodes <= 0 or self._characters <= 0:
                break
            copy = self._copy(each, level.below())
            shown.append(repr(copy) if issubclass(type(each), str) else str(copy))
        return shown if len(shown) == len(arguments) else [*shown, _CUT]

    def _attributes(self, value: Any, level: _Level, code: bool) -> Any:
        # Its `repr` would only say where in memory it is. But a class that is called Password keeps what it has to itself.
        held = _field(value, "__dict__")
        name = _name(type(value))
        if type(held) is not dict or not held or level.depth <= 0 or self._hides[name]:
            return self.describe(value, level.length)
        return self._object(value, name, tuple(each for each in held.copy() if type(each) is str), level)

    def _any(self, value: Any, level: _Level, code: bool) -> str:
        return self.describe(value, level.length)

    def _container(self, value: Any, base: Any, level: _Level, code: bool) -> Any:
        if id(value) in self._open:
            return _AGAIN
        count = base.__len__(value)  # the built-in methods, not the object's own, which may do anything
        if level.depth <= 0 or self._nodes <= 0 or self._characters <= 0:
            return f"<{_name(type(value))} with {count} item{'s' * (count != 1)}>"
        self._open.add(id(value))
        try:
            if base is dict:
                return self._pairs(dict.items(value), count, level.below())
            return self._items(base.__iter__(value), count, level.below(), code)
        except RuntimeError:  # another thread changes it while we look
            return f"<{_name(type(value))} that was being changed>"
        finally:
            self._open.discard(id(value))

    def _pairs(
        self, pairs: Iterable[tuple[Any, Any]], count: int, level: _Level, most: int | None = None, quoted: bool = False
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        shown = 0
        length, hides = level.length, self._hides
        for key, item in islice(pairs, most or level.breadth):
            if self._nodes <= 0 or self._characters <= 0:
                break
            shown += 1
            name = key
            hidden = hides.get(key) if type(key) is str else None
            if hidden is None:  # a name that has not been met yet
                name = self._key(key, length)
                hidden = hides[name]
            kind = type(item)
            # The cases that are by far the most frequent are done right here.
            if item is None or kind is bool:  # is no secret, and often what a person wants to know
                result[name] = item
            elif hidden:
                result[name] = FILTERED
            elif kind is str:
                result[name] = self.describe(item, length) if quoted else self.text(item, length, name in _CODE_KEYS)
            elif kind is int and -_SMALL < item < _SMALL:
                result[name] = item
            elif name == "__builtins__":  # which exec puts into the dict that it is given
                result[name] = _CUT
            elif quoted:
                result[name] = self._variable(item, level)
            else:
                result[name] = self._copy(item, level, name in _CODE_KEYS)
        self._nodes -= shown
        self._characters -= sum(map(len, result))
        if count > shown:
            result[_CUT] = f"{count - shown} more"
        return result

    def _variable(self, value: Any, level: _Level) -> Any:
        # An object that is handed down is a variable of many frames, and is shown once.
        known = self._shown.get(id(value))
        if known is None:
            known = self._shown[id(value)] = (self._copy(value, level), value)  # kept, so that the id stays its own
        return known[0]

    def _items(self, items: Iterator[Any], count: int, level: _Level, code: bool) -> list[Any]:
        result: list[Any] = []
        named = ""  # the item before, if it may be a name: a header's, or an option such as --password
        for item in islice(items, level.breadth):
            if self._nodes <= 0 or self._characters <= 0:
                break
            kind = type(item)
            if item is None or kind is bool or (kind is int and -_SMALL < item < _SMALL):
                result.append(FILTERED if named and kind is int and self._hides[named] else item)
                named = ""
                self._nodes -= 1
            else:
                result.append(FILTERED if named and self._hides[named] else self._copy(item, level, code))
                named = _as_name(item, count) if kind is str or kind is bytes else ""
        if count > len(result):
            result.append(f"{_CUT} {count - len(result)} more")
        return result

    def _object(self, value: Any, name: str, names: tuple[str, ...], level: _Level) -> Any:
        if id(value) in self._open:
            return _AGAIN
        if level.depth <= 0 or self._nodes <= 0 or self._characters <= 0:
            return f"<{name} with {len(names)} field{'s' * (len(names) != 1)}>"
        self._open.add(id(value))
        try:
            pairs = [(each, _field(value, each)) for each in names[: level.breadth]]
            return {"__class__": name, **self._pairs(pairs, len(names), level.below())}
        finally:
            self._open.discard(id(value))

    def _key(self, key: Any, length: int) -> str:
        length = max(length, _WHOLE_NAME)
        if type(key) is str and len(key) <= length and key.isidentifier():
            self._characters -= len(key)
            return key
        if issubclass(type(key), str):
            return self.text(str.__str__(key), length)
        return clip(str(self._copy(key, _Level(1, 10, length))), length)

    def _rendered(self, render: Callable[[Any], str], value: Any, length: int) -> str:
        kind = type(value)
        leaf = _is_leaf(kind, value, render)
        if not leaf and not self._reprs:
            return f"<{_name(kind)} object>"
        if not leaf and self._seconds <= 0:
            return f"<{_name(kind)} object, not shown: those before it took too long>"
        began = 0.0 if leaf else time.monotonic()
        try:
            text = str.__str__(render(value) if leaf else _bounded(render, value, min(self._seconds, _REPR_TIME)))
        except KeyboardInterrupt:
            raise
        except _TooLong:
            return f"<{_name(kind)} whose {render.__name__} took too long>"
        except BaseException as error:
            return f"<{_name(kind)} whose {render.__name__} raised {_name(type(error))}>"
        finally:
            if not leaf:
                self._seconds -= time.monotonic() - began
        return text[: length + _SLACK + 1]


def simplify(value: Any, *, depth: int = 4, breadth: int = 50, length: int = 1_024) -> Any:
    """`Simplifier.simplify`, with these bounds only, and with secrets left in."""
    return Simplifier().simplify(value, depth=depth, breadth=breadth, length=length)


def copied(value: Any) -> Any:
    """A copy of what `simplify` has made, that shares nothing with it."""
    if type(value) is dict:
        return {name: copied(item) for name, item in value.items()}
    return [copied(item) for item in value] if type(value) is list else value


def clip(text: str, length: int) -> str:
    """At most `length` characters of a text, all of which UTF-8 can hold. It ends in "..." if it was cut."""
    if len(text) > length:
        text = text[: max(0, length - len(_CUT))] + _CUT
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: servers refuse it
        return clip(text.encode(errors="backslashreplace").decode(), length)
    return text


def message_of(error: BaseException, length: int = 4_096) -> str:
    """What an exception says, or words that say why it says nothing. Only Ctrl-C gets out of here."""
    return Simplifier().message_of(error, length)


class _TooLong(BaseException):
    """Raised inside an object's own method that runs for too long. No `except Exception` of its own stops this."""


def _bounded(render: Callable[[Any], str], value: Any, seconds: float) -> str:
    """Call an object's own method, and interrupt it when the time is over.

    The only way to interrupt Python code from within its own thread is to trace it. A call that never comes back from C
    (`time.sleep`) can't be interrupted.
    """
    watch = _Watch(seconds)
    sys.settrace(watch)
    try:
        return render(value)
    finally:
        watch.is_over = True
        sys.settrace(watch.debugger)


class _Watch:
    """Told of each function that is entered, until the time is over."""

    __slots__ = ("debugger", "end", "is_over", "late")

    def __init__(self, seconds: float) -> None:
        self.debugger = sys.gettrace()
        self.end = time.monotonic() + seconds
        self.is_over = False
        self.late = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if self.is_over:  # another greenlet began while this was on, and has put it back
            sys.settrace(self.debugger)
            return None
        # Before 3.12, lines alone don't tell of `while True: pass`.
        frame.f_trace_opcodes = _EACH_INSTRUCTION
        visit = frame.f_trace
        if type(visit) is _Visit and visit.watch is self:  # a generator goes on
            return visit
        return _Visit(self)


class _Visit:
    """Told of each step within one function."""

    __slots__ = ("_end", "_steps", "watch")

    def __init__(self, watch: _Watch) -> None:
        self.watch = watch
        self._end = watch.end
        self._steps = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        self._steps += 1
        if time.monotonic() > self._end and self._may_stop(frame):
            raise _TooLong
        return self

    def _may_stop(self, frame: FrameType) -> bool:
        # What has hardly begun may be a finalizer or the like, in which the exception would be lost, and with it the
        # tracing. And while a greenlet waits in its method, others run, which have nothing to do with it.
        self.watch.late += 1
        has_begun = self._steps > _FEW_STEPS or self.watch.late > _MANY_STEPS
        return has_begun and frame.f_code.co_name != "__del__" and _is_below(_bounded.__code__, frame)


def _is_below(code: CodeType, frame: FrameType | None) -> bool:
    """Whether the code has called the frame."""
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


_FEW_STEPS = 500
_MANY_STEPS = 10_000
_EACH_INSTRUCTION = sys.version_info < (3, 12)


def _is_leaf(kind: type, value: Any, render: Callable[[Any], str]) -> bool:
    if _is_built_in(kind):
        return True
    if render is str:
        if not issubclass(kind, BaseException):
            return False
        return _method(kind, "__str__") is BaseException.__str__ and all(
            _is_built_in(type(each)) for each in _arguments(value)
        )
    return _method(kind, "__repr__") is object.__repr__


def _is_built_in(kind: type) -> bool:
    return _is_plain(type(kind)) and kind in _LEAVES


def _is_error(value: Any) -> bool:
    return issubclass(type(value), BaseException)


def _is_container(value: Any) -> bool:
    return issubclass(type(value), _CONTAINERS)


def _method(kind: type, name: str) -> Any:
    return next(members[name] for each in _ancestors(kind) if name in (members := _members_of_type(each)))


def _name(kind: type) -> str:
    return clip(_name_of_type(kind), 100)


def _as_name(item: Any, count: int) -> str:
    """The item as the name of the one after it, if it may be that: the first of two, or a command's option."""
    if type(item) is bytes:
        item = item[:100].decode("latin-1")
    if type(item) is not str or not _NAME.fullmatch(item):
        return ""
    return item if count == 2 or item.startswith("-") else ""


def _field(value: Any, name: str) -> Any:
    try:
        return object.__getattribute__(value, name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<{_name(type(error))}>"


def _manner_of(kind: type) -> _Manner:
    """How values of a type are shown. Found out once for each type."""
    known = _manners.get(kind) if _is_plain(type(kind)) else None
    if known is None:
        known = _find_manner(kind)
        if _is_plain(type(kind)):
            if len(_manners) >= _MOST_KINDS:
                _manners.clear()
            _manners[kind] = known
    return known


def _is_plain(meta: type) -> bool:
    # Of other classes of classes, who knows what __hash__ does.
    return meta is type or meta is ABCMeta or meta is enum.EnumMeta


def _find_manner(kind: type) -> _Manner:
    if _is_plain(type(kind)) and kind in _BUILT_IN:
        return _BUILT_IN[kind]
    names = _fields_of(kind)
    if names is not None:
        fields = names
        name = _name(kind)
        return lambda simplifier, value, level, code: simplifier._object(value, name, fields, level)
    if issubclass(kind, _CONTAINERS):
        base = next(each for each in _CONTAINERS if issubclass(kind, each))
        return lambda simplifier, value, level, code: simplifier._container(value, base, level, code)
    if issubclass(kind, enum.Enum):
        return Simplifier._any
    if issubclass(kind, int):
        return Simplifier._int
    if issubclass(kind, str):
        return Simplifier._text
    if issubclass(kind, BaseException) and _method(kind, "__repr__") is BaseException.__repr__:
        return Simplifier._error
    # Of a library's objects, nobody wants to know more than that they are there.
    if _method(kind, "__repr__") is object.__repr__ and not is_library_module(_module_of_type(kind)):
        return Simplifier._attributes
    return Simplifier._any


def _fields_of(kind: type) -> tuple[str, ...] | None:
    """The names of the fields that the `repr` of a class shows, if that `repr` is one that the class got as a gift.

    Shown field by field, an object is bounded, and a secret in it can be told by its name.
    """
    owner = next(each for each in _ancestors(kind) if "__repr__" in _members_of_type(each))
    members = _members_of_type(owner)
    show = members["__repr__"]
    if type(show) is not FunctionType:
        return None
    wrapped = show.__dict__.get("__wrapped__", show)
    made = wrapped.__code__.co_filename if type(wrapped) is FunctionType else ""
    if "__dataclass_fields__" in members and made == "<string>":
        return tuple(field.name for field in dataclasses.fields(owner) if field.repr)
    if "__attrs_attrs__" in members and made.startswith("<attrs generated"):
        fields = members["__attrs_attrs__"]
        return tuple(field.name for field in fields) if all(field.repr is True for field in fields) else None
    if issubclass(kind, tuple) and type(members.get("_fields")) is tuple and made == _COLLECTIONS:
        return tuple(name for name in members["_fields"] if type(name) is str)
    return None


_COLLECTIONS = namedtuple.__code__.co_filename
_Manner = Callable[[Simplifier, Any, _Level, bool], Any]
_BUILT_IN: dict[type, _Manner] = {
    type(None): Simplifier._same,
    bool: Simplifier._same,
    str: Simplifier._text,
    int: Simplifier._int,
    float: Simplifier._float,
    bytes: Simplifier._bytes,
    bytearray: Simplifier._bytes,
    dict: Simplifier._dict,
    SimpleNamespace: Simplifier._namespace,
}
_manners: dict[type, _Manner] = {}
