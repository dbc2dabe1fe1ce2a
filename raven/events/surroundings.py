"""What a program runs in and consists of, as far as that is the same for all of its events."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .clip import clip

_METADATA = (".dist-info", ".egg-info")
_MOST_MODULES = 1_000
_LONGEST_REVISION = 64
_LONGEST_NAME = 200
# What platforms that build from a commit call it. Those that sentry-sdk reads.
_REVISION_VARIABLES = (
    *("HEROKU_SLUG_COMMIT", "SOURCE_VERSION", "CODEBUILD_RESOLVED_SOURCE_VERSION", "CIRCLE_SHA1"),
    *("GAE_DEPLOYMENT_ID", "VERCEL_GIT_COMMIT_SHA", "RENDER_GIT_COMMIT"),
)


@cache
def contexts() -> dict[str, dict[str, Any]]:
    """The interpreter, the operating system and the machine."""
    import platform

    machine = platform.uname()
    return {
        "runtime": {
            "name": platform.python_implementation(),
            "version": platform.python_version(),
            "build": sys.version,
        },
        "os": {"name": machine.system, "version": machine.release, "build": machine.version},
        "device": {"arch": machine.machine, "processor_count": os.cpu_count()},
    }


@cache
def modules() -> dict[str, str]:
    """The installed packages and their versions, by the names of the folders that tell of them: that reads no file."""
    found: dict[str, str] = {}
    for name, version in _installed():
        found.setdefault(name, version)
        if len(found) >= _MOST_MODULES:
            break
    return dict(sorted(found.items()))


def _installed() -> Iterator[tuple[str, str]]:
    for folder in dict.fromkeys(each for each in sys.path if type(each) is str):
        try:
            names = os.listdir(folder or ".")
        except (OSError, ValueError):  # archives, folders that are gone, and whatever else is on the path
            continue
        for name in names:
            stem, ending = os.path.splitext(name)
            package, dash, rest = stem.partition("-")
            if ending in _METADATA and dash:
                yield (
                    clip(package.lower().replace("_", "-"), _LONGEST_NAME),
                    clip(rest.partition("-py")[0], _LONGEST_NAME),
                )


def release(folder: str | None = None) -> str | None:
    """The commit that the program was made from: from its platform's variables, or of git in `folder` or above it.

    None if there is none. `folder`: by default the working directory.
    """
    for name in _REVISION_VARIABLES:
        value = os.environ.get(name, "").strip()
        if value:
            return clip(value, _LONGEST_NAME)
    try:
        start = Path(folder or os.getcwd())
        for each in (start, *start.parents):
            if (each / ".git").exists():
                return _commit(each / ".git")
    except (OSError, ValueError):
        pass
    return None


def _commit(git: Path) -> str | None:
    """The commit that is checked out. Reads git's own files, because to start a program may take as long as it likes."""
    if git.is_file():  # of a worktree or a submodule; it says where the folder is
        git = git.parent / _first_line(git).removeprefix("gitdir:").strip()
    head = _first_line(git / "HEAD")
    if not head.startswith("ref:"):
        return head[:_LONGEST_REVISION] or None
    reference = head.removeprefix("ref:").strip()
    common = git / _first_line(git / "commondir") if (git / "commondir").exists() else git
    for folder in (git, common):
        if (folder / reference).is_file():
            return _first_line(folder / reference)[:_LONGEST_REVISION] or None
    if (common / "packed-refs").is_file():
        for line in (common / "packed-refs").read_text().splitlines():
            commit, _, name = line.partition(" ")
            if name == reference:
                return commit
    return None


def _first_line(path: Path) -> str:
    with path.open() as lines:
        return lines.readline(4_096).strip()
