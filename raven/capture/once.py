"""Capture an exception once, however often it is met on its way up."""

from __future__ import annotations

import weakref
from typing import Any

_MARK = "__raven_captured__"
_traceback = BaseException.__dict__["__traceback__"].__get__

_Fate = tuple["str | None", int]
"""The id of the event, and how often the exception had been raised."""


class Once:
    """Knows which exceptions one client has captured.

    `id()` is used again, so there is a weak reference with it. Exceptions that can't be referred to weakly, those of the
    built-in classes above all, have a mark on them: an attribute.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[weakref.ref[BaseException], _Fate]] = {}

    def find(self, error: BaseException) -> tuple[str | None] | None:
        """The id of its event, in a tuple, None in it if there was to be none; None if it is a new one.

        One that is raised again by the statement that raised it first, a constant of the program's perhaps, is a new one.
        """
        reference, fate = self._seen.get(id(error), (None, None))
        if reference is None or reference() is not error:
            fate = _marks(error).get(self)
        return (fate[0],) if fate is not None and fate[1] == _times_raised(error) else None

    def mark(self, error: BaseException, event_id: str | None) -> None:
        """Remember what became of an exception."""
        fate = (event_id, _times_raised(error))
        key, seen = id(error), self._seen
        try:
            seen[key] = (weakref.ref(error, lambda _: seen.pop(key, None)), fate)
        except TypeError:
            marks = _marks(error)
            marks[self] = fate
            # Not by the exception's own method, which may refuse.
            BaseException.__setattr__(error, _MARK, marks)


class _Marks(dict[Any, Any]):
    """The marks of all clients. In a copy, or in another process, there are none, and nothing of ours is needed there."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.owner = id(error)

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return (dict, ())


def _marks(error: BaseException) -> _Marks:
    try:
        marks = BaseException.__getattribute__(error, _MARK)
    except Exception:
        return _Marks(error)
    # copy.copy() hands the attributes on as they are.
    return marks if type(marks) is _Marks and marks.owner == id(error) else _Marks(error)


def _times_raised(error: BaseException) -> int:
    """How often the statement that raised it first has raised it."""
    first = raised = _traceback(error)
    if raised is None:
        return 0
    while raised.tb_next is not None:
        raised = raised.tb_next
    at, code = raised.tb_lasti, raised.tb_frame.f_code
    times, each = 0, first
    while each is not None:
        if each.tb_lasti == at and each.tb_frame.f_code is code:
            times += 1
        each = each.tb_next
    return times
