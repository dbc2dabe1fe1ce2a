"""Look for an optional package without importing it."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingDependency


def require(module: str, package: str, needed_for: str, extra: str) -> None:
    """Raise `MissingDependency` if there is no such module, so that it is known when something is set up, not later."""
    try:
        there = find_spec(module) is not None
    except (ImportError, ValueError):  # a part of it is missing; or it was put in place by hand
        there = False
    if not there:
        raise MissingDependency(package, needed_for, extra)
