"""Make events of what a program hands in, and of all that is known besides."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from ..events import event as events
from ..events import surroundings
from ..events.exceptions import exception_values
from ..events.frames import Frames, places_of_stack
from ..events.scrub import Scrubber
from ..events.values import Simplifier
from ..own_log import Sparingly
from .given import mapping_of, parameters_of
from .scope import MERGED, Scope

_log = Sparingly(logging.getLogger("raven.client"))

_PARTS = ("level", "user", "request", "fingerprint", "transaction", "logger")

depth: ContextVar[int] = ContextVar("raven_depth", default=0)
"""How many captures are at work here. An object's own methods may capture, or log what is captured, each time that they are
called to show it. So within a capture there may be another, which calls none; within that one there is none."""

Hint = dict[str, Any]
Made = tuple[dict[str, Any], Hint]


class Maker:
    """Makes a client's events: bounded, plain and without secrets.

    `same`: parts that all of them have. `tags`: likewise. `stacks`: whether messages have the stack by default.
    """

    def __init__(
        self,
        same: Mapping[str, Any],
        tags: Mapping[str, object],
        stacks: bool,
        frames: Frames,
        scope: Scope,
        scrubber: Scrubber | None,
    ) -> None:
        self._same = same
        self._tags = tags
        self._stacks = stacks
        self._frames = frames
        self._scope = scope
        self._scrubber = scrubber

    def message(self, message: object, arguments: dict[str, Any], hint: Hint) -> Made:
        """The event of a message. `arguments`: those of the capture."""
        simplifier = self._simplifier()
        part = events.message_part(message, parameters_of(arguments.pop("params", None)), simplifier)
        stack = arguments.pop("stack", self._stacks)
        if type(stack) in (bool, int) and stack:  # others have a truth of their own
            frames = self._frames.show(places_of_stack(sys._getframe()), simplifier)
            thread = threading.current_thread()
            about = {"id": thread.ident, "name": simplifier.simplify(thread.name), "current": True, "crashed": False}
            part["threads"] = {"values": [{**about, "stacktrace": {"frames": frames}}]}
        return self.event(arguments, hint, part, simplifier)

    def exception(self, error: BaseException, arguments: dict[str, Any], hint: Hint) -> Made:
        """The event of an exception."""
        simplifier = self._simplifier()
        mechanism = simplifier.simplify(mapping_of("mechanism", arguments.pop("mechanism", None)))
        values = exception_values(error, self._frames, simplifier, mechanism, sys._getframe())
        part: dict[str, Any] = {"exception": {"values": values}}
        message, params = arguments.pop("message", None), parameters_of(arguments.pop("params", None))
        if message is not None:
            part.update(events.message_part(message, params, simplifier))
        return self.event(arguments, hint, part, simplifier)

    def event(
        self,
        arguments: dict[str, Any],
        hint: Hint,
        part: Mapping[str, Any] | None = None,
        simplifier: Simplifier | None = None,
    ) -> Made:
        """The event of a part of it, with what the arguments of the capture say and what is known here."""
        simplifier = simplifier or self._simplifier()
        known = self._scope.known
        extra = {**known.get("extra", {}), **mapping_of("extra", arguments.pop("extra", None))}
        tags = mapping_of("tags", arguments.pop("tags", None))
        data = mapping_of("data", arguments.pop("data", None))
        hint = {**hint, **mapping_of("hint", arguments.pop("hint", None))}
        given = {name: value for name, value in known.items() if name not in MERGED}
        if arguments:
            given.update((name, arguments.pop(name)) for name in _PARTS if name in arguments)
        if given:
            given = simplifier.simplify(given, depth=6, breadth=100, length=8_192)
        if given.get("level") is None:
            given["level"] = "error"
        crumbs = self._scope.breadcrumbs_before(hint.get("log_record"))
        event = events.base_event(
            **self._same,
            tags=events.tags_part(simplifier, self._tags, known.get("tags"), tags),
            extra=simplifier.simplify(extra) if extra else None,
            breadcrumbs={"values": list(crumbs)} if crumbs else None,
            contexts={name: about.copy() for name, about in surroundings.contexts().items()},
            modules=surroundings.modules().copy(),
            **given,
        )
        event.update(part or {})
        if arguments:
            names = ", ".join(sorted(arguments))
            _log.warn("unknown", "captures have no argument %s; what it said was left out", names)
        return ({**event, **self.again(data, event)} if data else event), hint

    def again(self, given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of an event, or of parts of one, that the program has made or had in its hands.

        `before`: the event as it was, which has the parts without which there is none.
        """
        rest = dict(given)
        own = {name: rest.pop(name) for name in events.OWN_PARTS if name in rest}
        shown: dict[str, Any] = {name: before[name] for name in events.NEEDED_PARTS}
        shown.update(Simplifier().simplify(own, breadth=1_000))
        shown.update(self._simplifier(100_000, 1_000_000).simplify(rest, depth=20, breadth=1_000, length=65_536))
        if not events.is_event_id(given.get("event_id")):
            shown["event_id"] = before["event_id"]
        return shown

    def text(self, message: object, params: Any) -> str:
        """A message with its placeholders filled."""
        text: str = events.message_part(message, parameters_of(params), self._simplifier())["logentry"]["formatted"]
        return text

    def _simplifier(self, nodes: int = 10_000, characters: int = 300_000) -> Simplifier:
        return Simplifier(self._scrubber, nodes=nodes, characters=characters, seconds=0.3, reprs=depth.get() < 2)
