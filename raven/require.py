"""Optional packages."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import MissingDependency


def require(module: str, package: str, needed_for: str, extra: str) -> None:
    """Raise `MissingDependency` if there is no such module, so that it is known when something is set up, not later. It is
    not imported.
    """
    from importlib.util import find_spec

    try:
        there = find_spec(module) is not None
    except (ImportError, ValueError):  # a part of it is missing; or it was put in place by hand
        there = False
    if not there:
        raise MissingDependency(package, needed_for, extra)


def optional(module: str) -> Any:
    """That module, or None if it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        return None
