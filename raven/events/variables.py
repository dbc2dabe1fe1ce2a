"""Show what variables held. An object, or a text, that is handed down is one of many frames, and is shown once."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from .bounds import bounds_of
from .clip import CUT
from .containers import SMALL, key_of
from .scrub import FILTERED
from .values import Simplifier

_WITHIN = bounds_of(depth=4, breadth=20, length=512)
_LONGEST = _WITHIN.length


def variables(pairs: Collection[tuple[Any, Any]], most: int, simplifier: Simplifier) -> dict[str, Any]:
    """What at most `most` variables held, by name. Text is quoted, so that "1" and 1 can be told apart."""
    # Which of them are hidden is decided as in `containers`, step by step: with one loop for both, or a call for each name,
    # an exception takes some percent longer. A test compares them.
    result: dict[str, Any] = {}
    number, hides, known, quoted = 0, simplifier.hides, simplifier.shown, simplifier.quoted
    for key, item in islice(pairs, 0 if simplifier.spent else most):
        name = key
        hidden = hides.get(key) if type(key) is str else None
        if hidden is None:  # not a name that is remembered, in which there is nothing to be hidden
            if simplifier.nodes <= 0 or simplifier.characters <= 0:
                break
            name = key_of(simplifier, key, _LONGEST)
            hidden = hides[name]
        number += 1
        kind = type(item)
        if item is None or kind is bool:  # is no secret, and often what a person wants to know
            result[name] = item
        elif hidden:
            result[name] = FILTERED
        elif (kind is int and -SMALL < item < SMALL) or (kind is float and item - item == 0):
            result[name] = item
        else:
            if kind is str:
                if len(item) > _LONGEST - 2:
                    result[name] = simplifier.describe(item, _LONGEST)
                elif item in quoted:  # and so has been searched for secrets
                    result[name] = quoted[item]
                    simplifier.characters -= len(quoted[item])
                else:
                    result[name] = quoted[item] = simplifier.text(repr(item), _LONGEST)
            elif name == "__builtins__":  # which exec puts into the dict that it is given
                result[name] = CUT
            else:
                shown = known.get(id(item))
                if shown is None:
                    # With the object, so that the id stays its own.
                    shown = known[id(item)] = (simplifier.copy(item, _WITHIN), item)
                result[name] = shown[0]
            if simplifier.nodes <= 0 or simplifier.characters <= 0:
                break
    simplifier.nodes -= number
    simplifier.characters -= len("".join(result))
    if len(pairs) > number:
        result[CUT] = f"{len(pairs) - number} more"
    return result
