"""The stages of the prebuilt transports that hold the program up while they deliver."""

from __future__ import annotations

from .breaker import Breaker
from .compress import Compress
from .envelope import Envelope
from .ratelimit import RateLimit
from .report import Report
from .retry import Retry
from .serialize import Serialize
from .shrink import Shrink
from .sign import Sign
from .stage import Stage
from .timeout import Timeout

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
"""The program waits for 2.5 seconds at most, with default options."""
