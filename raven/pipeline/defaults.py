"""The stages of the prebuilt transports that deliver beside the program."""

from __future__ import annotations

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
from .stage import Stage
from .timeout import Timeout

BACKGROUND: tuple[Stage, ...] = (
    Serialize(),
    Queue(),
    Report(),
    RateLimit(),
    Shrink(),
    Envelope(),
    Compress(),
    Sign(),
    Retry(),
    Breaker(),
    Timeout(),
)
"""In the order that a request passes them."""
