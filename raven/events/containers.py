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

Manner = Callable[["Simplifier", Any, Bounds, bool], Any]
"""Makes a copy of a value. The last argument says whether texts in it are source code."""
known_manners: dict[type, Manner] = {}
"""How values of a type are shown, for the types that were met."""

AGAIN = "<the same object again>"
SMALL = 10**12
"""Below this, a whole number is no card's."""

_NAME = re.compile(r"[\w .\[\]-]{1,100}")
_WHOLE_NAME = 100
"""Characters of a name that are shown at least: what is cut off may be what tells."""
_CODE_KEYS = frozenset({"context_line", "pre_context", "post_context"})


def container(base: Any, kind: type) -> Manner:
    """How a container of the type `kind` is shown, which is the built-in type `base` or inherits from it."""
    # The built-in methods, not the object's own, which may do anything.
    count_of, iterate = (len, iter) if kind is base else (base.__len__, base.__iter__)
    items_of = dict.items if base is dict else None

    def show(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> Any:
        key, being_shown = id(value), simplifier.open
        if key in being_shown:
            return AGAIN
        count = count_of(value)
        if bounds.depth <= 0 or simplifier.nodes <= 0 or simplifier.characters <= 0:
            return f"<{name_of(type(value))} with {count} item{'s' * (count != 1)}>"
        being_shown.add(key)
        try:
            if items_of is not None:
                items = items_of(value)
                pairs = items if count <= bounds.breadth else islice(items, bounds.breadth)
                return _named(simplifier, pairs, count, bounds.below, {})
            return _items(simplifier, iterate(value), count, bounds.below, code)
        except RuntimeError:  # another thread changes it while we look
            return f"<{name_of(type(value))} that was being changed>"
        finally:
            being_shown.discard(key)

    return show


def fielded(name: str, fields: tuple[str, ...]) -> Manner:
    """How an object is shown by its fields."""
    count = len(fields)

    def show(simplifier: Simplifier, value: Any, bounds: Bounds, code: bool) -> Any:
        key, being_shown = id(value), simplifier.open
        if key in being_shown:
            return AGAIN
        if bounds.depth <= 0 or simplifier.nodes <= 0 or simplifier.characters <= 0:
            return f"<{name} with {count} field{'s' * (count != 1)}>"
        being_shown.add(key)
        simplifier.nodes -= 1  # the name
        simplifier.characters -= len(name)
        most = 0 if simplifier.nodes <= 0 or simplifier.characters <= 0 else bounds.breadth
        try:
            pairs = zip(fields, values_of(value, fields[:most]), strict=False)
            return _named(simplifier, pairs, count, bounds.below, {"__class__": name})
        finally:
            being_shown.discard(key)

    return show


def key_of(simplifier: Simplifier, key: Any, length: int) -> str:
    """What a value is shown by, of which any key may be made."""
    length = max(length, _WHOLE_NAME)
    if issubclass(type(key), str):
        return simplifier.text(str.__str__(key), length)
    return clip(str(simplifier.copy(key, bounds_of(1, 10, length))), length)


def _named(
    simplifier: Simplifier, pairs: Iterable[tuple[Any, Any]], count: int, bounds: Bounds, result: dict[str, Any]
) -> dict[str, Any]:
    """Show values by their names, in `result`. Of `count` of them, `pairs` has those that are to be shown at most."""
    shown, hides = 0, simplifier.hides
    for key, item in pairs:
        name = key
        hidden = hides.get(key) if type(key) is str else None
        if hidden is None:  # not a name that is remembered, in which there is nothing to be hidden
            if simplifier.nodes <= 0 or simplifier.characters <= 0:
                break
            name = key_of(simplifier, key, bounds.length)
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
                result[name] = simplifier.text(item, bounds.length, name in _CODE_KEYS)
            elif name == "__builtins__":  # which exec puts into the dict that it is given
                result[name] = CUT
            else:
                manner = known_manners.get(kind) if type(kind) is type else None
                if manner is None:
                    result[name] = simplifier.copy(item, bounds, name in _CODE_KEYS)
                else:
                    simplifier.nodes -= 1
                    result[name] = manner(simplifier, item, bounds, name in _CODE_KEYS)
            if simplifier.nodes <= 0 or simplifier.characters <= 0:
                break
    simplifier.nodes -= shown
    simplifier.characters -= len("".join(result))
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


def _as_name(item: Any, count: int) -> str:
    """The item as the name of the one after it, if it may be that: the first of two, or a command's option."""
    if type(item) is bytes:
        item = item[:100].decode("latin-1")
    if type(item) is not str or not _NAME.fullmatch(item):
        return ""
    return item if count == 2 or item.startswith("-") else ""
