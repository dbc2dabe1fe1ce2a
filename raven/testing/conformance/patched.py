"""The suite in a process that gevent or Eventlet has monkey-patched, where its servers are their greenlets as well.

    python -m raven.testing.conformance --patched gevent

holds the library's own transport and those of threads to the same as ever. The others are left out: their loops, and
a hub beneath them, are no program that anybody has.
"""

from __future__ import annotations

import warnings

LIBRARIES = ("gevent", "eventlet")
_OPTION = "--patched"
_OF_LOOPS = {"GeventSink": "gevent", "EventletSink": "eventlet", "AsyncioSink": "asyncio", "TwistedSink": "twisted"}
"""By name: to ask for a runtime would import its library."""

_by: str | None = None


def patch(arguments: list[str]) -> list[str]:
    """Patch the process as these arguments ask, and return those that are left. To be called before all else is imported.

    Raises SystemExit for a library that is none of these.
    """
    global _by
    if _OPTION not in arguments:
        return arguments
    place = arguments.index(_OPTION)
    library = arguments[place + 1] if place + 1 < len(arguments) else ""
    if library == "gevent":
        import gevent.monkey

        gevent.monkey.patch_all()
    elif library == "eventlet":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
            import eventlet

            eventlet.monkey_patch()
    else:
        raise SystemExit(f"{_OPTION} takes one of: {', '.join(LIBRARIES)}")
    _by = library
    return arguments[:place] + arguments[place + 2 :]


def fits(sink: object) -> bool:
    """Whether a program with this sink may be one that is patched as this one is."""
    return _by is None or _OF_LOOPS.get(type(sink).__name__, _by) == _by
