"""The pipeline: stages, and the stack that they make up."""

from __future__ import annotations

from .bound import BoundStack, Flushed
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
from .stack import Stack
from .stage import Context, Stage, stage
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
