"""Optional packages."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import MissingDependency
from .first_import import first_import


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


_optional: dict[str, Any] = {}


def optional(module: str) -> Any:
    """That module, which is imported with the first use of it. None if it is not installed, or can't be had."""
    try:
        return _optional[module]
    except KeyError:
        pass
    try:
        with first_import():
            found = import_module(module)
    except OSError:  # no file can be opened just now
        return None
    except Exception:  # whatever one raises that is broken
        found = None
    _optional[module] = found
    return found
