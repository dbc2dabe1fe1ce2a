"""Capture an exception once, however often it is met on its way up."""

from __future__ import annotations

from typing import Any

_MARK = "__raven_captured__"
_traceback = BaseException.__dict__["__traceback__"].__get__


class Once:
    """Knows which exceptions one client has captured, by a mark on each: `id()` is used again, and not all can be
    referred to weakly.
    """

    def find(self, error: BaseException) -> tuple[str | None] | None:
        """The id of its event, in a tuple, None in it if there was to be none; None if it is a new one.

        One that is raised again by the statement that raised it first, a constant of the program's perhaps, is a new one.
        """
        mark = _marks(error).get(self)
        return (mark[0],) if mark is not None and mark[1] == _times_raised(error) else None

    def mark(self, error: BaseException, event_id: str | None) -> None:
        """Remember what became of an exception."""
        marks = _marks(error)
        marks[self] = (event_id, _times_raised(error))
        try:
            # Not by the exception's own method, which may refuse.
            BaseException.__setattr__(error, _MARK, marks)
        except Exception:
            return


class _Marks(dict[Any, Any]):
    """The marks of all clients. In a copy, or in another process, there are none, and nothing of ours is needed there."""

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return (dict, ())


def _marks(error: BaseException) -> _Marks:
    try:
        marks = BaseException.__getattribute__(error, _MARK)
    except Exception:
        return _Marks()
    return marks if type(marks) is _Marks else _Marks()


def _times_raised(error: BaseException) -> int:
    """How often the statement that raised it first has raised it."""
    places = []
    traceback = _traceback(error)
    while traceback is not None:
        places.append((traceback.tb_frame.f_code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return sum(code is places[-1][0] and at == places[-1][1] for code, at in places)
