"""Show what has other values in it: dicts, lists, and objects with fields. All of it within bounds, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from .bounds import Bounds, bounds_of
from .clip import CUT, clip
from .kinds import name_of, values_of
from .scrub import FILTERED

if TYPE_CHECKING:
    from .values import Simplifier

AGAIN = "<the same object again>"
SMALL = 10**12
"""Below this, a whole number is no card's."""

_NAME = re.compile(r"[\w .\[\]-]{1,100}")
_WHOLE_NAME = 100
"""Characters of a name that are shown at least: what is cut off may be what tells."""
_CODE_KEYS = frozenset({"context_line", "pre_context", "post_context"})


def container(base: Any) -> Callable[[Simplifier, Any, Bounds, bool], Any]:
    """How a container is shown that is one of the built-in type `base`."""
    # The built-in methods, not the object's own, which may do anything.
    count_of, iterate = base.__len__, base.__iter__

    def show(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> Any:
        key, being_shown = id(value), simplifier.open
        if key in being_shown:
            return AGAIN
        count = count_of(value)
        if bounds.depth <= 0 or simplifier.nodes <= 0 or simplifier.characters <= 0:
            return f"<{name_of(type(value))} with {count} item{'s' * (count != 1)}>"
        being_shown.add(key)
        try:
            if base is dict:
                return named(simplifier, dict.items(value), count, bounds.below)
            return _items(simplifier, iterate(value), count, bounds.below, code)
        except RuntimeError:  # another thread changes it while we look
            return f"<{name_of(type(value))} that was being changed>"
        finally:
            being_shown.discard(key)

    return show


def fielded(name: str, fields: tuple[str, ...]) -> Callable[[Simplifier, Any, Bounds, bool], Any]:
    """How an object is shown by its fields."""

    def show(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> Any:
        key, being_shown = id(value), simplifier.open
        if key in being_shown:
            return AGAIN
        if bounds.depth <= 0 or simplifier.nodes <= 0 or simplifier.characters <= 0:
            return f"<{name} with {len(fields)} field{'s' * (len(fields) != 1)}>"
        being_shown.add(key)
        simplifier.nodes -= 1  # the name
        simplifier.characters -= len(name)
        try:
            pairs = zip(fields, values_of(value, fields[: bounds.breadth]), strict=False)
            return named(simplifier, pairs, len(fields), bounds.below, into={"__class__": name})
        finally:
            being_shown.discard(key)

    return show


def named(
    simplifier: Simplifier,
    pairs: Iterable[tuple[Any, Any]],
    count: int,
    bounds: Bounds,
    most: int | None = None,
    quoted: bool = False,
    into: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Show values by their names. `quoted`: they are variables, so that "1" and 1 have to be told apart."""
    result = {} if into is None else into
    shown, most = 0, most or bounds.breadth
    length, hides = bounds.length, simplifier.hides
    if simplifier.nodes <= 0 or simplifier.characters <= 0:
        most = 0
    for key, item in islice(pairs, most):
        name = key
        hidden = hides.get(key) if type(key) is str else None
        if hidden is None:  # not a name that is remembered, in which there is nothing to be hidden
            if simplifier.nodes <= 0 or simplifier.characters <= 0:
                break
            name = _key(simplifier, key, length)
            hidden = hides[name]
        shown += 1
        kind = type(item)
        # The cases that are by far the most frequent are done right here.
        if item is None or kind is bool:  # is no secret, and often what a person wants to know
            result[name] = item
        elif hidden:
            result[name] = FILTERED
        elif (kind is int and -SMALL < item < SMALL) or (kind is float and item - item == 0):
            result[name] = item
        else:
            if kind is str:
                if quoted:
                    result[name] = simplifier.quoted(item, length)
                else:
                    result[name] = simplifier.text(item, length, name in _CODE_KEYS)
            elif name == "__builtins__":  # which exec puts into the dict that it is given
                result[name] = CUT
            elif quoted:
                result[name] = simplifier.variable(item, bounds)
            else:
                result[name] = simplifier.copy(item, bounds, name in _CODE_KEYS)
            if simplifier.nodes <= 0 or simplifier.characters <= 0:
                break
    simplifier.nodes -= shown
    simplifier.characters -= sum(map(len, result))
    if count > shown:
        result[CUT] = f"{count - shown} more"
    return result


def _items(simplifier: Simplifier, items: Iterator[Any], count: int, bounds: Bounds, code: bool) -> list[Any]:
    result: list[Any] = []
    before = ""  # the item before, if it may be a name: a header's, or an option such as --password
    hides = simplifier.hides
    for item in islice(items, bounds.breadth):
        if simplifier.nodes <= 0 or simplifier.characters <= 0:
            break
        kind = type(item)
        if item is None or kind is bool:
            result.append(item)
            before = ""
            simplifier.nodes -= 1
        elif (kind is int and -SMALL < item < SMALL) or (kind is float and item - item == 0):
            result.append(FILTERED if before and hides[before] else item)
            before = ""
            simplifier.nodes -= 1
        else:
            result.append(FILTERED if before and hides[before] else simplifier.copy(item, bounds, code))
            before = _as_name(item, count) if kind is str or kind is bytes else ""
    if count > len(result):
        result.append(f"{CUT} {count - len(result)} more")
    return result


def _key(simplifier: Simplifier, key: Any, length: int) -> str:
    length = max(length, _WHOLE_NAME)
    if issubclass(type(key), str):
        return simplifier.text(str.__str__(key), length)
    return clip(str(simplifier.copy(key, bounds_of(1, 10, length))), length)


def _as_name(item: Any, count: int) -> str:
    """The item as the name of the one after it, if it may be that: the first of two, or a command's option."""
    if type(item) is bytes:
        item = item[:100].decode("latin-1")
    if type(item) is not str or not _NAME.fullmatch(item):
        return ""
    return item if count == 2 or item.startswith("-") else ""
