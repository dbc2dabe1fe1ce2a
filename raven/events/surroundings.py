"""What a program runs in and consists of, as far as that is the same for all of its events."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
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


def host_name() -> str:
    """What the machine is called."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    import socket  # takes long to import

    return socket.gethostname()


@cache
def contexts() -> dict[str, dict[str, Any]]:
    """The interpreter, the operating system and the machine."""
    name, _, release, version, machine = _uname()
    implementation = sys.implementation.name
    return {
        "runtime": {
            "name": "CPython" if implementation == "cpython" else implementation,
            "version": sys.version.partition(" ")[0],
            "build": sys.version,
        },
        "os": {"name": name, "version": release, "build": version},
        "device": {"arch": machine, "processor_count": os.cpu_count()},
    }


def _uname() -> tuple[str, ...]:
    if hasattr(os, "uname"):
        return tuple(os.uname())
    import platform  # takes long to import, and says the same

    return tuple(platform.uname()[:5])


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
        above, each = "", os.path.abspath(folder or os.getcwd())
        while each != above:
            git = os.path.join(each, ".git")
            if os.path.exists(git):
                return _commit(git)
            above, each = each, os.path.dirname(each)
    except (OSError, ValueError):
        pass
    return None


def _commit(git: str) -> str | None:
    """The commit that is checked out. Reads git's own files, because to start a program may take as long as it likes."""
    join = os.path.join
    if os.path.isfile(git):  # of a worktree or a submodule; it says where the folder is
        git = join(os.path.dirname(git), _first_line(git).removeprefix("gitdir:").strip())
    head = _first_line(join(git, "HEAD"))
    if not head.startswith("ref:"):
        return head[:_LONGEST_REVISION] or None
    reference = head.removeprefix("ref:").strip()
    shared = join(git, "commondir")
    common = join(git, _first_line(shared)) if os.path.exists(shared) else git
    for folder in (git, common):
        if os.path.isfile(join(folder, reference)):
            return _first_line(join(folder, reference))[:_LONGEST_REVISION] or None
    packed = join(common, "packed-refs")
    if os.path.isfile(packed):
        with open(packed) as lines:
            for line in lines:
                commit, _, name = line.rstrip("\n").partition(" ")
                if name == reference:
                    return commit
    return None


def _first_line(path: str) -> str:
    with open(path) as lines:
        return lines.readline(4_096).strip()
