"""Tell the program what became of its events."""

from __future__ import annotations

from collections.abc import Callable

from ..ledger import Observer
from ..outcome import Outcome
from ..own_log import not_capturing
from ..request import Request

Settled = Callable[[str, Outcome], object]


def telling(function: Settled) -> Observer:
    """An observer of a ledger that calls the program's function. What comes of that call is not captured: it would be told
    in turn, and so on. What it raises is the ledger's to deal with.
    """

    def tell(request: Request, outcome: Outcome) -> None:
        with not_capturing():
            function(request.id, outcome)

    return tell
