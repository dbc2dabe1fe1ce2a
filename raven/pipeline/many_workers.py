"""The stages of the prebuilt transports whose workers are cheap: greenlets, tasks, coroutines."""

from __future__ import annotations

from .defaults import BACKGROUND
from .queue import Queue
from .stage import Stage

MANY_WORKERS: tuple[Stage, ...] = (BACKGROUND[0], Queue(workers=100), *BACKGROUND[2:])
"""Up to 100 events are delivered side by side."""
