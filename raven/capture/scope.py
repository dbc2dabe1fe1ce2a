"""What is known while something happens: the user, tags, breadcrumbs, for each thread, task or greenlet by itself.

It is kept in context variables, so it goes where they go: a task has a copy of what was known where it was made, and what
it adds is its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

from ..events.scrub import Scrubber
from ..events.values import Simplifier
from .ask import Decide, ask
from .given import mapping_of

Crumb = dict[str, Any]
Known = Mapping[str, Any]

PARTS = ("user", "tags", "extra", "request", "level", "fingerprint", "transaction")
"""What can be known, by the names of Sentry's event payload."""
MERGED = ("tags", "extra")


class Scope:
    """What one client's events are told of what they happen in.

    `most`: breadcrumbs that are kept. `before_breadcrumb(crumb, hint)` returns the breadcrumb to keep, or None.
    """

    def __init__(self, most: int, before_breadcrumb: Decide | None, scrubber: Scrubber | None) -> None:
        # Values that are never changed, only replaced: a copied context shares them. Of `layers`, each is a block and all
        # that is known in it.
        self.layers: ContextVar[tuple[tuple[object, Known], ...]] = ContextVar("raven_known", default=((None, {}),))
        self._crumbs: ContextVar[tuple[Crumb, ...]] = ContextVar("raven_breadcrumbs", default=())
        self._most = most
        self._before = before_breadcrumb
        self._scrubber = scrubber

    @property
    def known(self) -> Known:
        """What was set, by name."""
        return self.layers.get()[-1][1]

    def breadcrumbs_before(self, record: object) -> tuple[Crumb, ...]:
        """What happened so far, the oldest first, without the breadcrumb of the record that is captured itself."""
        crumbs = self._crumbs.get()
        if isinstance(record, logging.LogRecord) and crumbs and crumbs[-1].get("timestamp") == record.created:
            return crumbs[:-1]
        return crumbs

    def add(self, parts: Known) -> None:
        """Add to what is known from here on. Tags and extra are merged, the others are replaced."""
        *outer, (block, known) = self.layers.get()
        self.layers.set((*outer, (block, _together(known, parts))))

    def within(self, parts: Known) -> AbstractContextManager[None]:
        """Add to what is known, and forget it at the end of the block, with all that was added in it."""
        return _Block(self, parts)

    def leave_breadcrumb(self, crumb: Known, hint: dict[str, Any]) -> None:
        """Keep what happened, as the newest; the oldest goes when there are too many."""
        if not self._most:
            return
        new: Crumb = {"timestamp": time.time(), "level": "info", "type": "default"}
        new.update((name, value) for name, value in crumb.items() if value is not None)
        kept = self._bounded(new)
        if self._before is not None:
            decided = ask("before_breadcrumb", self._before, kept, hint)
            if decided is None:
                return
            kept = self._bounded(decided)
        self._crumbs.set((*self._crumbs.get(), kept)[-self._most :])

    def _bounded(self, crumb: Crumb) -> Crumb:
        simplifier = Simplifier(self._scrubber, nodes=1_000, characters=20_000, seconds=0.1)
        kept: Crumb = simplifier.simplify(crumb, depth=4, breadth=20, length=1_024)
        return kept


class _Block(AbstractContextManager[None]):
    """Not a generator, whose frame would be in the traceback of each error that passes."""

    def __init__(self, scope: Scope, parts: Known) -> None:
        self._scope = scope
        self._parts = parts

    def __enter__(self) -> None:
        layers = self._scope.layers
        layers.set((*layers.get(), (self, _together(layers.get()[-1][1], self._parts))))

    def __exit__(self, *exc_info: object) -> None:
        # A generator may be closed in another context than that in which it has entered the block: nothing is to be
        # forgotten there. And blocks of generators may end in any order.
        layers = self._scope.layers.get()
        for at in range(len(layers) - 1, 0, -1):
            if layers[at][0] is self:
                self._scope.layers.set(layers[:at])
                return


def _together(known: Known, parts: Known) -> Known:
    result = dict(known)
    for name, value in parts.items():
        result[name] = {**result.get(name, {}), **mapping_of(name, value)} if name in MERGED else value
    return result
