"""Call the functions with which a program decides over its events. They may be broken, as all of it may."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..own_log import Sparingly, not_capturing

_log = Sparingly(logging.getLogger("raven.client"))

Decide = Callable[[dict[str, Any], dict[str, Any]], "dict[str, Any] | None"]


def ask(name: str, decide: Decide, subject: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    """What the function makes of the subject: it, another one, or None for none at all. If it fails, the subject.

    What it does is not captured in turn. Only Ctrl-C gets out of here.
    """
    try:
        with not_capturing():
            decided = decide(subject, hint)
            if type(decided) is not dict and isinstance(decided, dict):
                decided = {**decided}  # here, where it may fail
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Its text may hold anything, so only its type is told.
        _log.warn(name, "%s raised %s; what it was asked about is kept", name, type(error).__name__)
        return subject
    if decided is None or isinstance(decided, dict):
        return decided
    _log.warn(
        name, "%s returned %s and not a dict or None; what it was asked about is kept", name, type(decided).__name__
    )
    return subject
