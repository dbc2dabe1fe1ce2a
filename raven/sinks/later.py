"""A bound sink that is made with its first request, because what it needs takes long to import."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from ..first_import import first_import
from ..request import Request, Response


class Bound(Protocol):
    """What sends, and can be closed."""

    def __call__(self, request: Request, /) -> Awaitable[Response]: ...
    def close(self) -> None: ...


B = TypeVar("B", bound=Bound)


class Later(Generic[B]):
    """Stands for the bound sink that `make` makes."""

    def __init__(self, make: Callable[[], B]) -> None:
        self._make = make
        self._made: B | None = None
        self._closed = False
        self._lock = threading.RLock()  # a signal handler may send while we make it

    def __call__(self, request: Request) -> Awaitable[Response]:
        return (self._made or self.made())(request)

    def made(self) -> B:
        """The bound sink itself."""
        with self._lock:
            if self._made is None:
                with first_import():
                    self._made = self._make()
                if self._closed:  # perhaps since close() looked
                    self._made.close()
            return self._made

    def close(self) -> None:
        """Close it, at once or when it is made."""
        self._closed = True
        if self._made is not None:
            self._made.close()
