"""Exceptions in the form of Sentry's event payload."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from .clip import clip
from .frames import LONGEST_LINE, MOST_FRAMES, Frames, context, places_of_stack, places_of_traceback, source_lines
from .messages import message_of
from .values import Simplifier

_MOST_EXCEPTIONS = 50
_MOST_FRAMES_IN_ALL = 400
_MOST_NOTES = 20

# A class of exceptions may have a metaclass with attributes of its own by these names.
_qualified_name = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
# And the exceptions themselves too.
_cause, _context, _is_context_suppressed, traceback_of = (
    BaseException.__dict__[name].__get__
    for name in ("__cause__", "__context__", "__suppress_context__", "__traceback__")
)
_GROUP = "BaseExceptionGroup"
_NEVER_RAISED = "It was never raised; the stack is of where it was captured."


class _Link:
    """An exception, and how it hangs on another."""

    __slots__ = ("error", "parent", "source")

    def __init__(self, error: BaseException, source: str = "", parent: int = 0) -> None:
        self.error, self.source, self.parent = error, source, parent


def exception_values(
    error: BaseException,
    frames: Frames,
    simplifier: Simplifier,
    mechanism: dict[str, Any] | None = None,
    caller: FrameType | None = None,
) -> list[dict[str, Any]]:
    """The exception and those that led to it, the first cause first, as Python prints them.

    `mechanism`: how it was caught; of those that led to it, only how they were attached is told. `caller`: the frame
    that captures, for an exception that was never raised. Numbers and sources are as sentry-sdk gives them.
    """
    mechanism = {"type": "generic", "handled": True, **(mechanism or {})}
    values: list[dict[str, Any]] = []
    frames_left = _MOST_FRAMES_IN_ALL
    for number, link in enumerate(_linked(error)):
        if number == _MOST_EXCEPTIONS:
            values.append({"type": "...", "value": "Further exceptions were left out."})
            break
        about = {**mechanism, "exception_id": number}
        if number:
            about = {"type": "chained", "handled": mechanism["handled"], "exception_id": number}
            about.update(parent_id=link.parent, source=link.source)
        if _members(link.error) is not None:
            about["is_exception_group"] = True
        places = places_of_traceback(traceback_of(link.error))
        if not number and not places and caller is not None:
            places = places_of_stack(caller)
            about["description"] = _NEVER_RAISED
        shown = frames.show(places, simplifier, min(MOST_FRAMES, frames_left)) + _wrong_source(link.error, simplifier)
        frames_left = max(2, frames_left - len(shown))
        values.append(_value(link.error, about, shown, simplifier))
    values.reverse()
    return values


def _linked(error: BaseException) -> Iterator[_Link]:
    """The exception, what led to it, what it consists of, what led to those, and so on."""
    seen: list[BaseException] = []  # not their ids: of one that is gone, the id is used again
    waiting = [_Link(error)]
    while waiting:
        link = waiting.pop()
        if any(each is link.error for each in seen):
            continue
        number = len(seen)
        seen.append(link.error)
        yield link
        for at, member in reversed(list(enumerate(_members(link.error) or ()))):
            waiting.append(_Link(member, f"exceptions[{at}]", number))
        cause, before = _cause(link.error), _context(link.error)
        if cause is not None:
            waiting.append(_Link(cause, "__cause__", number))
        elif before is not None and not _is_context_suppressed(link.error):
            waiting.append(_Link(before, "__context__", number))


def _members(error: BaseException) -> tuple[BaseException, ...] | None:
    """The exceptions that a group consists of; None if it is no group."""
    # Before Python 3.11, a package brings them, if the program has it.
    group: Any = getattr(builtins if sys.version_info >= (3, 11) else sys.modules.get("exceptiongroup"), _GROUP, None)
    if group is None or not issubclass(type(error), group):
        return None
    members = group.exceptions.__get__(error)
    return tuple(each for each in members[: _MOST_EXCEPTIONS + 1] if isinstance(each, BaseException))


def _value(
    error: BaseException, mechanism: dict[str, Any], frames: list[dict[str, Any]], simplifier: Simplifier
) -> dict[str, Any]:
    kind = type(error)
    value: dict[str, Any] = {
        "type": simplifier.simplify(_qualified_name(kind)),
        "value": "\n".join([message_of(error, simplifier), *_notes(error, simplifier)]),
        "mechanism": mechanism,
    }
    module = _module(kind)
    if type(module) is str and module != "builtins":
        value["module"] = simplifier.simplify(module)
    if frames:
        value["stacktrace"] = {"frames": frames}
    return value


def _notes(error: BaseException, simplifier: Simplifier) -> list[str]:
    """What was added to an exception with `add_note`."""
    notes = _attribute(error, "__notes__")
    if type(notes) is not list:
        return []
    shown = [clip(str(simplifier.simplify(note, depth=2)), 1_024) for note in notes[:_MOST_NOTES]]
    return shown if len(notes) <= _MOST_NOTES else [*shown, f"... {len(notes) - _MOST_NOTES} more notes"]


def _wrong_source(error: BaseException, simplifier: Simplifier) -> list[dict[str, Any]]:
    """Of a syntax error, the place that can't be understood, as the innermost frame."""
    if not issubclass(type(error), SyntaxError):
        return []
    path, line, column, text = (
        SyntaxError.__dict__[name].__get__(error) for name in ("filename", "lineno", "offset", "text")
    )
    if type(path) is not str or type(line) is not int or line < 1:
        return []
    path = simplifier.text(path, LONGEST_LINE)
    frame = {"function": "<syntax error>", "abs_path": path, "filename": path.rpartition("/")[2], "lineno": line}
    lines = source_lines(path)
    if line <= len(lines):
        frame.update(context(lines, line, simplifier))
    elif type(text) is str:
        frame["context_line"] = simplifier.text(text.rstrip("\r\n"), LONGEST_LINE, code=True)
    if type(column) is int and column > 0:
        frame["colno"] = column
    return [{**frame, "in_app": True, "vars": {}}]


def _attribute(error: BaseException, name: str) -> Any:
    try:
        return BaseException.__getattribute__(error, name)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None
