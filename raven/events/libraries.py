"""Which code is a library's, and not the program's own."""

from __future__ import annotations

import os
import sys

# Where the standard library is. (`sysconfig`, which knows it too, is slow to import.)
# An interpreter that has it in its own file has no such folder.
_FOLDERS = (os.path.join(os.path.dirname(os.__file__), ""),) if hasattr(os, "__file__") else ()
_PACKAGES = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


def is_library(path: str) -> bool:
    """Whether the file belongs to Python, or to an installed package."""
    return path.startswith(("<frozen ", *_FOLDERS)) or any(each in path for each in _PACKAGES)


def is_library_module(name: object) -> bool:
    """Whether the module of this name does. One that has no file is Python's, or no Python."""
    if name == "__main__":
        return False
    try:
        path = object.__getattribute__(sys.modules[name], "__dict__")["__file__"]  # type: ignore[index]
    except Exception:  # what is no module, or a module that is none of Python's kind
        return True
    return type(path) is not str or is_library(path)
