"""What an object says of itself: the only place where its own methods are called."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .interrupt import TooLong, call_within
from .kinds import arguments_of, is_leaf, method_of, name_of

_LONGEST = 0.1
"""Seconds for which one object's own method may run."""
_TOO_LONG = "<{} whose {} took too long>"
_RAISED = "<{} whose {} raised {}>"


class OwnWords:
    """Calls `repr` and `str`. Whatever they do is caught.

    `seconds`: for which they may run in all. `allowed`: False calls none that could run anything of the program's.
    """

    def __init__(self, seconds: float, allowed: bool) -> None:
        self._seconds = seconds
        self._allowed = allowed

    def of(self, value: Any, render: Callable[[Any], str] = repr) -> str:
        """What `render` makes of the object, or words that say why there is nothing. Only Ctrl-C gets out of here."""
        kind = type(value)
        is_safe = _is_safe(kind, value, render)
        if not is_safe and not self._allowed:
            return f"<{name_of(kind)} object>"
        if not is_safe and self._seconds <= 0:
            return f"<{name_of(kind)} object, not shown: those before it took too long>"
        began = 0.0 if is_safe else time.monotonic()
        try:
            text = render(value) if is_safe else call_within(min(self._seconds, _LONGEST), render, value)
            return str.__str__(text)
        except KeyboardInterrupt:
            raise
        except TooLong:
            return _TOO_LONG.format(name_of(kind), render.__name__)
        except BaseException as error:
            return _RAISED.format(name_of(kind), render.__name__, name_of(type(error)))
        finally:
            if not is_safe:
                self._seconds -= time.monotonic() - began


def is_refused(text: str, value: object, render: Callable[[Any], str]) -> bool:
    """Whether these are the words that stand for what an object did not say."""
    return text.startswith(f"<{name_of(type(value))} whose {render.__name__} ")


def _is_safe(kind: type, value: Any, render: Callable[[Any], str]) -> bool:
    """Whether nothing of the program's runs, and the text is short."""
    if is_leaf(kind):
        return True
    if render is str:
        if not issubclass(kind, BaseException):
            return False
        return method_of(kind, "__str__") is BaseException.__str__ and all(
            is_leaf(type(each)) for each in arguments_of(value)
        )
    return method_of(kind, "__repr__") is object.__repr__
