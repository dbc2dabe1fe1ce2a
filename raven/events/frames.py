"""Frames in the form of Sentry's event payload: where each is, the source around it, its local variables."""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Collection, Iterable
from itertools import islice
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

from .clip import clip
from .libraries import is_library
from .scrub import Scrubber
from .values import Simplifier
from .variables import variables

LONGEST_LINE = 512
MOST_FRAMES = 100
_LINES_AROUND = 5
_MOST_LOCALS = 50
_MOST_CODES = 4_096
_MOST_PLACES = 64

_HIDE = "__traceback_hide__"
_UNWANTED = frozenset("._")
_OPTIMIZED = 1
"""The flag of the code of functions, whose variables are known before they run. (`inspect` is slow to import.)"""
# What a module's own names mostly stand for, and what nobody debugs by looking at.
_DEFINITIONS = (ModuleType, FunctionType, BuiltinFunctionType, type)

Place = tuple[FrameType, int, int]
"""A frame, the number of the line that it is at, and the index of the instruction."""


class Frames:
    """Shows frames. What is known of code without running it is found out once for each piece of code.

    `include`, `exclude`: modules, with all that is in them, that are the program's own (`in_app`) or are not; the longest
    that fits decides, and without one, all is that is not installed as a library. `local_variables`: whether to show them.
    """

    def __init__(
        self,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        local_variables: bool = True,
        scrubber: Scrubber | None = None,
    ) -> None:
        self._own = {**dict.fromkeys(exclude, False), **dict.fromkeys(include, True)}
        self._local_variables = local_variables
        self._scrubber = scrubber
        self._codes: dict[int, _Code] = {}

    def show(self, places: list[Place], simplifier: Simplifier, most: int = MOST_FRAMES) -> list[dict[str, Any]]:
        """The frames, outermost first. Of more than `most`, the middle is left out, and that is said."""
        coded = [(place, self._code(place[0])) for place in places]
        coded = [(place, code) for place, code in coded if not (code.may_hide and _is_hidden(place[0]))]
        half = most // 2
        left_out = len(coded) - 2 * half
        if left_out > 0:
            coded = coded[:half] + coded[-half:]
        # The innermost first: they matter most, should there be too many variables for one event.
        frames = [self._frame(place, code, simplifier) for place, code in reversed(coded)]
        frames.reverse()
        if left_out > 0:
            gap = {"function": f"<{left_out} frames left out>", "filename": "<raven>", "in_app": False}
            frames.insert(half, gap)
        return frames

    def _code(self, frame: FrameType) -> _Code:
        code = frame.f_code
        known = self._codes.get(id(code))
        module = dict.get(frame.f_globals, "__name__")
        if known is None or known.code is not code or known.module is not module:
            if len(self._codes) >= _MOST_CODES:
                self._codes.clear()
            known = self._codes[id(code)] = _Code(frame, module, self._own)
        return known

    def _frame(self, place: Place, code: _Code, simplifier: Simplifier) -> dict[str, Any]:
        result = code.at(place, self._scrubber).copy()
        if "pre_context" in result:  # lists of its own, because the program may change the event
            result["pre_context"] = result["pre_context"].copy()
            result["post_context"] = result["post_context"].copy()
        if self._local_variables:
            line = result.get("context_line", "")
            result["vars"] = {} if code.is_ravens else _variables(place[0], code, line, simplifier)
        return result


def places_of_traceback(traceback: TracebackType | None) -> list[Place]:
    """The places that an exception came through, outermost first."""
    places = []
    while traceback is not None:
        places.append((traceback.tb_frame, traceback.tb_lineno or 0, traceback.tb_lasti))  # code may have no lines
        traceback = traceback.tb_next
    return places


def places_of_stack(frame: FrameType | None) -> list[Place]:
    """The places of a frame and those that called it, outermost first, without those by which Raven was called."""
    while frame is not None and _is_reporting(dict.get(frame.f_globals, "__name__")):
        frame = frame.f_back
    places = []
    while frame is not None:
        places.append((frame, frame.f_lineno or 0, frame.f_lasti))
        frame = frame.f_back
    places.reverse()
    return places


class _Code:
    """What is the same for all frames that run the same code."""

    __slots__ = ("_places", "about", "code", "has_plain_names", "is_ravens", "may_hide", "module")

    def __init__(self, frame: FrameType, module: Any, own: dict[str, bool]) -> None:
        self.code = code = frame.f_code
        self.module = module
        self.is_ravens = _is_ravens(module)
        self.may_hide = any(_HIDE in names for names in (code.co_varnames, code.co_names, code.co_cellvars))
        names = (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
        self.has_plain_names = bool(code.co_flags & _OPTIMIZED) and not any(each[:1] in _UNWANTED for each in names)
        self._places: dict[tuple[int, int], dict[str, Any]] = {}
        self.about: dict[str, Any] = {
            "function": clip(_qualified_name(frame), LONGEST_LINE),
            "module": clip(module, LONGEST_LINE) if type(module) is str else None,
            "abs_path": clip(code.co_filename, LONGEST_LINE),
            "filename": clip(_short_path(code, module), LONGEST_LINE),
            "in_app": _is_own(module, code.co_filename, own),
        }

    def at(self, place: Place, scrubber: Scrubber | None) -> dict[str, Any]:
        """All that is the same each time that the code is at this place."""
        _, line, instruction = place
        known = self._places.get((line, instruction))
        if known is None:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            known = self._places[line, instruction] = self._look(place, scrubber)
        return known

    def _look(self, place: Place, scrubber: Scrubber | None) -> dict[str, Any]:
        frame, line, instruction = place
        result: dict[str, Any] = {**self.about, "lineno": line}
        lines = source_lines(self.code.co_filename, frame.f_globals)
        if 0 < line <= len(lines):
            column = _column(self.code, line, instruction, lines[line - 1])
            if column is not None:
                result["colno"] = column
            result.update(context(lines, line, Simplifier(scrubber)))
        return result


def source_lines(path: str, names: dict[str, Any] | None = None) -> list[str]:
    """The lines of a source file, or of what stands for one: an archive, a notebook, a loader of the program's own."""
    try:
        return linecache.getlines(path, names)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a loader may raise anything
        return []


def context(lines: list[str], line: int, simplifier: Simplifier) -> dict[str, Any]:
    """A line and those around it."""
    at = line - 1
    before = max(0, at - _LINES_AROUND)
    around = lines[before : at + 1 + _LINES_AROUND]
    shown = [simplifier.text(text.rstrip("\r\n"), LONGEST_LINE, code=True) for text in around]
    return {
        "pre_context": shown[: at - before],
        "context_line": shown[at - before],
        "post_context": shown[at - before + 1 :],
    }


def _column(code: CodeType, line: int, instruction: int, text: str) -> int | None:
    """The column, from 1, in which the expression begins that was at work."""
    if sys.version_info < (3, 11) or instruction < 0:
        return None
    first, _, column, _ = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    if column is None or first != line:
        return None
    return len(text.encode(errors="replace")[:column].decode(errors="replace")) + 1  # Python counts bytes


def _qualified_name(frame: FrameType) -> str:
    code = frame.f_code
    if sys.version_info >= (3, 11):
        name: str = code.co_qualname
        return name
    # Before, only the function itself knows. Look for it in the class of what the method was called on.
    first = dict.get(_locals(frame), code.co_varnames[0]) if code.co_argcount else None
    owner: Any = first if issubclass(type(first), type) else type(first)
    for each in type.__dict__["__mro__"].__get__(owner):
        function = type.__dict__["__dict__"].__get__(each).get(code.co_name)
        if type(function) in (classmethod, staticmethod):
            function = function.__func__
        elif type(function) is property:
            function = function.fget
        if type(function) is FunctionType and function.__code__ is code:
            return function.__qualname__
    return code.co_name


def _short_path(code: CodeType, module: object) -> str:
    """The path from the folder that the outermost package is in: `shop/cart.py`."""
    if type(module) is not str or module == "__main__":
        return os.path.basename(code.co_filename)
    parts = code.co_filename.split(os.sep)
    folders = module.count(".") + (parts[-1] == "__init__.py")
    return "/".join(parts[-1 - folders :])


def _is_own(module: object, path: str, own: dict[str, bool]) -> bool:
    """Whether code is the program's own, and not a library's."""
    while own and type(module) is str and module:
        if module in own:
            return own[module]
        module = module.rpartition(".")[0]
    return not is_library(path)


def _is_ravens(module: object) -> bool:
    """Whether it is Raven's own code, whose variables have DSNs and keys in them."""
    return type(module) is str and (module == "raven" or module.startswith("raven."))


def _is_reporting(module: object) -> bool:
    return module == "logging" or _is_ravens(module)


def _locals(frame: FrameType) -> dict[str, Any]:
    """The variables of a frame, in a dict of our own: the frame may still run, and in exec they can be any mapping."""
    try:
        names = frame.f_locals
        if type(names) is dict:
            return names.copy()
        return dict(dict.items(names) if issubclass(type(names), dict) else names)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return {}


def _is_hidden(frame: FrameType) -> bool:
    """Whether the frame asks not to be shown, by a variable that pytest and others have made a custom."""
    value = dict.get(_locals(frame), _HIDE)
    return type(value) in (bool, int, str) and bool(value)


def _variables(frame: FrameType, code: _Code, line: str, simplifier: Simplifier) -> dict[str, Any]:
    """What each local variable held. Of very many, those that the line names come first."""
    names = _locals(frame)
    # Not as a dict, into which a key that is no text is put only by methods of its own.
    worth_showing: Collection[tuple[Any, Any]] = names.items()
    if not code.has_plain_names:
        is_module = code.code.co_name == "<module>"
        worth_showing = [
            (name, value)
            for name, value in names.items()
            if not (type(name) is str and (name[:1] == "." or name[:2] == "__" == name[-2:]))
            and not (is_module and issubclass(type(value), _DEFINITIONS))
        ]
    if len(worth_showing) > _MOST_LOCALS:
        named = frozenset(re.findall(r"\w+", line))
        worth_showing = sorted(worth_showing, key=lambda pair: type(pair[0]) is not str or pair[0] not in named)
    return variables(worth_showing, _MOST_LOCALS, simplifier)
