"""Take what is handed in to a capture. Whatever it is, and whatever its own methods do, the event goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from ..events.interrupt import call_within
from ..events.kinds import name_of

_LONGEST = 0.1
"""Seconds for which the methods of one argument may run."""
_MOST_PARAMETERS = 1_000


def mapping_of(name: str, value: object) -> Mapping[Any, Any]:
    """A mapping, or None for an empty one, as a dict. In the place of what is none, words that say so, by `name`."""
    if value is None or type(value) is dict:
        return value or {}
    taken = _taken(_as_dict, value)
    return {name: f"<{name_of(type(value))} that is no mapping>"} if taken is None else taken


def parameters_of(value: object) -> Any:
    """What is put into a message, as a tuple or a dict. In the place of what is neither, words that say so."""
    if value is None or type(value) is tuple or type(value) is dict:
        return value or ()
    taken = _taken(_as_parameters, value)
    return (f"<{name_of(type(value))} that is no tuple>",) if taken is None else taken


def _taken(take: Callable[[Any], Any], value: object) -> Any:
    """What is made of it; None if that fails. Only Ctrl-C gets out of here."""
    try:
        return call_within(_LONGEST, take, value)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None


def _as_dict(value: Any) -> dict[Any, Any]:
    return {**value}


def _as_parameters(value: Any) -> Any:
    return {**value} if issubclass(type(value), Mapping) else tuple(islice(value, _MOST_PARAMETERS))
