"""Blocking HTTP, by requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..require import require
from .urllib3 import Urllib3Sink

if TYPE_CHECKING:
    from .connections import Connections


class RequestsSink(Urllib3Sink):
    """POST the body by a session of requests. What is below the session is the same as in `Urllib3Sink`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("requests", "requests", "this transport", "requests")

    def load(self) -> type[Connections]:
        from .requests_session import RequestsConnections

        return RequestsConnections
