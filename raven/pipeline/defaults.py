"""The stages of the prebuilt transports."""

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
"""For transports that deliver beside the program."""

FOREGROUND: tuple[Stage, ...] = (
    Serialize(),
    Report(report_interval=None),
    RateLimit(),
    Shrink(),
    Envelope(),
    Compress(),
    Sign(),
    Retry(attempts=2, total_timeout=2.5),
    Breaker(longest_outage=0),
    Timeout(),
)
"""For transports that hold the program up while they deliver: it waits for 2.5 seconds at most, with default options."""

MANY_WORKERS: tuple[Stage, ...] = (BACKGROUND[0], Queue(workers=100), *BACKGROUND[2:])
"""For transports whose workers are cheap: greenlets, tasks, coroutines."""
