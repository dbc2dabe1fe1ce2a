"""Optional packages."""

from __future__ import annotations

from functools import cache
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


_FASTER: dict[str, tuple[str, ...]] = {
    # orjson crashes where it imports these itself and can't (ijl/orjson#310), and not if Python has imported them before.
    "orjson": ("dataclasses", "datetime", "enum", "json", "uuid"),
    "isal.isal_zlib": (),
}
"""What `raven[speed]` has in the place of modules of Python's, and what each needs."""

_found: dict[str, Any] = {}


def optional(module: str) -> Any:
    """One of those, if `import_optional` has found it; otherwise None."""
    return _found.get(module)


@cache
def import_optional() -> None:
    """Import what is installed of the modules that only make Raven faster, once. What can't be imported is left out.

    Not in a capture, for it takes 10 ms, and a capture may come at a bad moment: in a signal handler, in the depth of a
    recursion, in the middle of an import.
    """
    with first_import():
        for module, needed in _FASTER.items():
            try:
                for each in needed:
                    import_module(each)
                _found[module] = import_module(module)
            except Exception:  # it is not installed, or broken, or there are no file descriptors
                continue
