"""HTTP on Tornado's loop."""

from __future__ import annotations

from dataclasses import dataclass

from ..require import require
from .asyncio import AsyncioSink


@dataclass(frozen=True, repr=False)
class TornadoSink(AsyncioSink):
    """POST from tasks of the loop. Not by Tornado's own client, which makes a connection for each request."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("tornado", "tornado", "this transport", "tornado")
