"""What is known while something happens: the user, tags, breadcrumbs, for each thread, task or greenlet by itself.

It is kept in context variables, so it goes where they go: a task has a copy of what was known where it was made, and what
it adds is its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..events.scrub import Scrubber
from ..events.values import Simplifier
from .ask import Decide, ask

Crumb = dict[str, Any]

PARTS = ("user", "tags", "extra", "request", "level", "fingerprint", "transaction")
"""What can be known, by the names of Sentry's event payload."""
MERGED = ("tags", "extra")


class Scope:
    """What one client's events are told of what they happen in.

    `most`: breadcrumbs that are kept. `before_breadcrumb(crumb, hint)` returns the breadcrumb to keep, or None.
    """

    def __init__(self, most: int, before_breadcrumb: Decide | None, scrubber: Scrubber | None) -> None:
        # Values that are never changed, only replaced: a copied context shares them.
        self._known: ContextVar[Mapping[str, Any]] = ContextVar("raven_known", default={})  # noqa: B039
        self._crumbs: ContextVar[tuple[Crumb, ...]] = ContextVar("raven_breadcrumbs", default=())
        self._most = most
        self._before = before_breadcrumb
        self._scrubber = scrubber

    @property
    def known(self) -> Mapping[str, Any]:
        """What was set, by name."""
        return self._known.get()

    @property
    def breadcrumbs(self) -> tuple[Crumb, ...]:
        """What happened so far, the oldest first."""
        return self._crumbs.get()

    def add(self, parts: Mapping[str, Any]) -> None:
        """Add to what is known from here on. Tags and extra are merged, the others are replaced."""
        known = dict(self._known.get())
        for name, value in parts.items():
            known[name] = {**known.get(name, {}), **(value or {})} if name in MERGED else value
        self._known.set(known)

    @contextmanager
    def within(self, parts: Mapping[str, Any]) -> Iterator[None]:
        """Add to what is known, and forget it at the end of the block, with all that was added in it."""
        before = self._known.get()
        self.add(parts)
        try:
            yield
        finally:
            self._known.set(before)

    def leave_breadcrumb(self, crumb: Mapping[str, Any], hint: dict[str, Any]) -> None:
        """Keep what happened, as the newest; the oldest goes when there are too many."""
        if not self._most:
            return
        simplifier = Simplifier(self._scrubber)
        new: Crumb = {"timestamp": time.time(), "level": "info", "type": "default"}
        new.update((name, value) for name, value in crumb.items() if value is not None)
        kept: Crumb = simplifier.simplify(new, depth=4, breadth=20, length=1_024)
        if self._before is not None:
            decided = ask("before_breadcrumb", self._before, kept, hint)
            if decided is None:
                return
            kept = simplifier.simplify(decided, depth=4, breadth=20, length=1_024)
        self._crumbs.set((*self._crumbs.get(), kept)[-self._most :])
