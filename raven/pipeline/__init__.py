"""The pipeline: stages, and the stack that they make up. Each stage is loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .bound import BoundStack, Flushed
from .stack import Stack
from .stage import Context, Stage, stage

if TYPE_CHECKING:
    from .breaker import Breaker
    from .compress import Compress
    from .envelope import Envelope
    from .queue import Queue
    from .ratelimit import RateLimit
    from .report import Report
    from .retry import Retry
    from .serialize import Serialize
    from .shrink import Shrink
    from .sign import Sign
    from .spool import Spool
    from .store import Store
    from .timeout import Timeout

__all__ = [
    "BoundStack",
    "Breaker",
    "Compress",
    "Context",
    "Envelope",
    "Flushed",
    "Queue",
    "RateLimit",
    "Report",
    "Retry",
    "Serialize",
    "Shrink",
    "Sign",
    "Spool",
    "Stack",
    "Stage",
    "Store",
    "Timeout",
    "stage",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{name.lower()}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
