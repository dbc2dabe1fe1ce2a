"""A stack of stages over a sink, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ..dsn import Dsn
from ..errors import InvalidOption, InvalidStack
from ..frozen import fields_of
from ..options import options_of
from ..runtimes import Runtime
from ..sinks import Sink
from .bound import BoundStack
from .stage import Stage

_Self = TypeVar("_Self", bound="Stack")
Place = Stage | type[Stage]


class Stack:
    """Stages, in the order in which a request passes them, and the sink at their end.

    It is a value: nothing changes it, one can serve any number of clients, two with equal parts are equal, and its `repr`
    is the code that makes it.

    >>> from raven.pipeline import Compress, Envelope, Queue, Retry, Serialize, Sign, Timeout
    >>> from raven.sinks.urllib3 import Urllib3Sink
    >>> Stack(Serialize(), Queue(workers=2), Envelope(), Compress(), Sign(), Retry(), Timeout(), sink=Urllib3Sink())
    Stack(Serialize(), Queue(workers=2), Envelope(), Compress(), Sign(), Retry(), Timeout(), sink=Urllib3Sink())

    **What the order means.** Each stage sees what those above it made, and does its work around all that is below it.

    - `Serialize(), Queue()`: the event becomes bytes at once, in the thread of whoever sends, so that what the program
      does to it later changes nothing. `Queue(), Serialize()` would spare that thread the work, and send whatever the
      event has become by then.
    - `Retry(), Timeout(timeout=1)`: each try has a second. `Timeout(timeout=1), Retry()`: all tries together have one.
    - `Compress(), Retry()`: compressed once, sent many times. `Retry(), Compress()` works, and wastes the processor.
    - `Queue(), RateLimit()`: the limits are learnt from the answers, which come only to what is below the queue.

    An order that can't work is refused, and the error names the stages:

    >>> from raven.sinks.memory import MemorySink
    >>> Stack(Compress(), Serialize(), sink=MemorySink())
    Traceback (most recent call last):
        ...
    raven.errors.InvalidStack: Compress needs Serialize above it: it compresses the body that is made there

    A subclass with `stages` and `sink` declares a stack of its own, which is how the prebuilt transports are made.
    Options can be given by name: `ThreadedHTTPTransport(timeout=5, queue_size=100)`.
    """

    stages: tuple[Stage, ...] = ()
    sink: Sink
    """The end of the stack."""

    def __init__(self, *stages: Stage, sink: Sink | None = None, **options: Any) -> None:
        self.stages = stages or self.stages
        self.sink = sink or getattr(self, "sink", None) or _missing_sink()
        _check(self.stages, self.sink)
        if options:
            self._refuse_unknown(options)
            self.stages = tuple(stage.with_values(options) for stage in self.stages)
            self.sink = self.sink.with_values(options)

    def option_names(self) -> tuple[str, ...]:
        """The names of all options of this stack, sorted, without aliases."""
        return tuple(sorted(name for part in self._parts() for name in options_of(type(part))))

    def with_options(self: _Self, texts: Mapping[str, str]) -> _Self:
        """A stack with those options changed that a DSN gives as text.

        Raises `InvalidOption` for a name that nothing here declares, or a value that is not accepted.
        """
        if not texts:
            return self
        self._refuse_unknown(texts)
        stages = (stage.with_options(texts) for stage in self.stages)
        return type(self)(*stages, sink=self.sink.with_options(texts))

    def replace(self, old: Place | Sink, new: Stage | None = None) -> Stack:
        """A stack with another stage in the place of one: `replace(Retry(attempts=2))` for the one of the same class,
        `replace(Envelope, Store())` for one of another. `replace(MemorySink())` replaces the sink.
        """
        if isinstance(old, Sink):
            return Stack(*self.stages, sink=old)
        if new is None:
            if not isinstance(old, Stage):
                raise InvalidStack(f"replace({old.__name__}) needs the stage that is to take its place")
            new, old = old, type(old)
        at = self._index(old)
        return Stack(*self.stages[:at], new, *self.stages[at + 1 :], sink=self.sink)

    def before(self, place: Place, *new: Stage) -> Stack:
        """A stack with more stages directly above one: `before(Queue, my_stage)`."""
        at = self._index(place)
        return Stack(*self.stages[:at], *new, *self.stages[at:], sink=self.sink)

    def after(self, place: Place, *new: Stage) -> Stack:
        """A stack with more stages directly below one: `after(Serialize, my_stage)`."""
        at = self._index(place) + 1
        return Stack(*self.stages[:at], *new, *self.stages[at:], sink=self.sink)

    def without(self, place: Place) -> Stack:
        """A stack that lacks one stage: `without(Compress)`."""
        at = self._index(place)
        return Stack(*self.stages[:at], *self.stages[at + 1 :], sink=self.sink)

    def bind(self, dsn: Dsn, *, runtime: Runtime | None = None) -> BoundStack:
        """Bring the stack to life for one project. `runtime` replaces the sink's own, in tests."""
        return BoundStack(self.stages, self.sink, dsn, runtime, repr(self))

    def _index(self, place: Place) -> int:
        for at, stage in enumerate(self.stages):
            if stage == place or type(stage) is place:
                return at
        wanted = place.__name__ if isinstance(place, type) else repr(place)
        raise InvalidStack(f"there is no {wanted} in {self!r}")

    def _parts(self) -> tuple[Stage | Sink, ...]:
        return (*self.stages, self.sink)

    def _refuse_unknown(self, options: Mapping[str, Any]) -> None:
        accepted = {name for part in self._parts() for name in _names_of(part)}
        for name in options:
            if name not in accepted:
                raise InvalidOption(f"there is no option {name}; this transport has {', '.join(self.option_names())}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stack) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        if type(self) is not Stack and type(self).stages and self == type(self)():
            return f"{type(self).__name__}()"
        return f"{type(self).__name__}({''.join(f'{stage!r}, ' for stage in self.stages)}sink={self.sink!r})"


def _missing_sink() -> Sink:
    raise InvalidStack("a stack needs a sink: Stack(..., sink=Urllib3Sink())")


def _check(stages: tuple[Stage, ...], sink: Sink) -> None:
    for stage in stages:
        if not isinstance(stage, Stage):
            hint = " (write its parentheses)" if isinstance(stage, type) else ""
            raise InvalidStack(f"{stage!r} is not a stage{hint}")
    if not isinstance(sink, Sink):
        raise InvalidStack(f"{sink!r} is not a sink")
    for at, stage in enumerate(stages):
        _check_place(stage, stages[:at], stages[at + 1 :])
    _check_place(sink, stages, ())
    _check_queue(stages, sink)
    _check_option_names((*stages, sink))


def _check_place(part: Stage | Sink, above: tuple[Stage, ...], beneath: tuple[Stage, ...]) -> None:
    for role, why in part.needs.items():
        if all(stage.role != role for stage in above):
            raise InvalidStack(f"{_title(part)} needs {_ROLE_NAMES.get(role, role)} above it: {why}")
    for stage in beneath:
        if isinstance(part, Stage) and stage.role in part.below:
            raise InvalidStack(f"{_title(part)} can't stand above {_title(stage)}: {part.below[stage.role]}")


def _check_queue(stages: tuple[Stage, ...], sink: Sink) -> None:
    queues = [_title(stage) for stage in stages if stage.role == "queue"]
    if len(queues) > 1:
        raise InvalidStack(f"there is more than one queue: {' and '.join(queues)}")
    if sink.suspends and not queues:
        raise InvalidStack(f"{_title(sink)} needs a Queue above it: it suspends, and whoever sends can't wait for that")


def _check_option_names(parts: tuple[Stage | Sink, ...]) -> None:
    fields = [each for part in parts for each in fields_of(type(part)).items()]
    names = [name for field, declared in fields for name in (field, *declared.about.get("aliases", ()))]
    if len(set(names)) == len(names):
        return  # and no annotation need be read to know which of them are options
    owners: dict[str, str] = {}
    for part in parts:
        for name in _names_of(part):
            if name in owners:
                raise InvalidStack(f"{owners[name]} and {_title(part)} both have an option {name}: rename one")
            owners[name] = _title(part)


def _names_of(part: Stage | Sink) -> tuple[str, ...]:
    return tuple(name for field, kind in options_of(type(part)).items() for name in (field, *kind.aliases))


_ROLE_NAMES = {"serialize": "Serialize", "frame": "Envelope or Store", "queue": "Queue"}


def _title(part: Stage | Sink) -> str:
    return repr(part).partition("(")[0]
