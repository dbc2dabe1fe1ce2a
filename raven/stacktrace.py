"""Exceptions and their frames, in the form of Sentry's event payload."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

from .values import clip, describe, message_of, simplify

_LINES_AROUND = 5
_LONGEST_LINE = 512
_MOST_FRAMES = 100
_MOST_EXCEPTIONS = 50
_MOST_LOCALS = 50

_LIBRARY_FOLDERS = tuple(
    os.path.join(folder, "")
    for folder in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    if folder
)
# A class of exceptions may have a metaclass with attributes of its own by these names.
_qualified_name = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
_QUALIFIED = "co_qualname" if sys.version_info >= (3, 11) else "co_name"


def exception_values(error: BaseException) -> list[dict[str, Any]]:
    """The exception and those that led to it, the first cause first, as Python prints them."""
    values = []
    for number, (each, source) in enumerate(_chain(error)):
        mechanism: dict[str, Any] = {"type": "generic", "handled": True, "exception_id": number}
        if number:
            mechanism.update(type="chained", parent_id=number - 1, source=source)
        values.append(_exception_value(each, mechanism))
    values.reverse()
    return values


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """The exception, what caused it, what caused that, ... with how each was attached to the one before."""
    seen: list[BaseException] = []  # not their ids: of one that is gone, the id is used again
    source = ""
    following: BaseException | None = error
    while following is not None and len(seen) < _MOST_EXCEPTIONS and all(each is not following for each in seen):
        yield following, source
        seen.append(following)
        if following.__cause__ is not None:
            following, source = following.__cause__, "__cause__"
        elif not following.__suppress_context__:
            following, source = following.__context__, "__context__"
        else:
            return


def _exception_value(error: BaseException, mechanism: dict[str, Any]) -> dict[str, Any]:
    kind = type(error)
    value: dict[str, Any] = {
        "type": simplify(_qualified_name(kind)),
        "value": message_of(error),
        "mechanism": mechanism,
    }
    module = _module(kind)
    if type(module) is str and module != "builtins":
        value["module"] = simplify(module)
    frames = _frames(error.__traceback__)
    if frames:
        value["stacktrace"] = {"frames": frames}
    return value


def _frames(traceback: TracebackType | None) -> list[dict[str, Any]]:
    """The frames of a traceback, outermost first. Of very many, the middle is left out, and that is said."""
    pairs = []
    while traceback is not None:
        pairs.append((traceback.tb_frame, traceback.tb_lineno or 0))  # code may have no line numbers
        traceback = traceback.tb_next
    half = _MOST_FRAMES // 2
    left_out = len(pairs) - 2 * half
    if left_out <= 0:
        return [_frame(*pair) for pair in pairs]
    gap = {"function": f"<{left_out} frames left out>", "filename": "<raven>", "in_app": False}
    return [*(_frame(*pair) for pair in pairs[:half]), gap, *(_frame(*pair) for pair in pairs[-half:])]


def _frame(frame: FrameType, line: int) -> dict[str, Any]:
    code = frame.f_code
    module = dict.get(frame.f_globals, "__name__")
    result: dict[str, Any] = {
        "function": getattr(code, _QUALIFIED),
        "module": clip(module, _LONGEST_LINE) if type(module) is str else None,
        "abs_path": clip(code.co_filename, _LONGEST_LINE),
        "filename": clip(_short_path(code, module), _LONGEST_LINE),
        "lineno": line,
        "in_app": not _is_library(code.co_filename),
        "vars": {} if _is_ours(module) else _locals(frame),
    }
    result.update(_source(frame, code.co_filename, line))
    return result


def _is_ours(module: object) -> bool:
    """Whether it is Raven's own code, whose variables have DSNs and keys in them."""
    return type(module) is str and (module == "raven" or module.startswith("raven."))


def _short_path(code: CodeType, module: object) -> str:
    """The path from the folder that the outermost package is in: `shop/cart.py`."""
    if type(module) is not str or module == "__main__":
        return os.path.basename(code.co_filename)
    parts = code.co_filename.split(os.sep)
    folders = module.count(".") + (parts[-1] == "__init__.py")
    return "/".join(parts[-1 - folders :])


def _is_library(path: str) -> bool:
    return path.startswith(("<frozen ", *_LIBRARY_FOLDERS)) or "site-packages" in path or "dist-packages" in path


def _source(frame: FrameType, path: str, line: int) -> dict[str, Any]:
    try:
        lines = linecache.getlines(path, frame.f_globals)
    except Exception:  # a loader of the program's own may raise anything
        return {}
    if not 0 < line <= len(lines):
        return {}
    at = line - 1
    return {
        "pre_context": [_line(text) for text in lines[max(0, at - _LINES_AROUND) : at]],
        "context_line": _line(lines[at]),
        "post_context": [_line(text) for text in lines[at + 1 : at + 1 + _LINES_AROUND]],
    }


def _line(text: str) -> str:
    return clip(text.rstrip("\r\n"), _LONGEST_LINE)


def _locals(frame: FrameType) -> dict[str, Any]:
    """What each local variable held. Text is quoted, so that "1" and 1 can be told apart."""
    try:
        items = [(_local_name(name), value) for name, value in frame.f_locals.items()]
    except Exception:  # a class body or exec can have any mapping here
        return {}
    shown = {name: _local(value) for name, value in items[:_MOST_LOCALS]}
    if len(items) > _MOST_LOCALS:
        shown["..."] = f"{len(items) - _MOST_LOCALS} more"
    return shown


def _local_name(name: Any) -> str:
    return clip(name, _LONGEST_LINE) if type(name) is str else describe(name, _LONGEST_LINE)


def _local(value: Any) -> Any:
    if type(value) is str:
        return describe(clip(value, _LONGEST_LINE))
    return simplify(value, depth=3, breadth=20, length=_LONGEST_LINE)
