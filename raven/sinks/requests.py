"""Blocking HTTP, by requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..first_import import first_import
from ..pipeline.stage import Context
from ..request import Request, Response
from ..require import require
from .http import time_left
from .urllib3 import BoundUrllib3, Urllib3Sink

if TYPE_CHECKING:
    from .requests_session import Session


@dataclass(frozen=True, repr=False)
class RequestsSink(Urllib3Sink):
    """POST the body by a session of requests. What is below the session is the same as in `Urllib3Sink`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("requests", "requests", "this transport", "requests")

    def bind(self, context: Context) -> BoundRequests:
        return BoundRequests(self, context)


class BoundRequests(BoundUrllib3):
    """A session, and the connections that it sends by."""

    def __init__(self, sink: RequestsSink, context: Context) -> None:
        super().__init__(sink, context)
        self._session: Session | None = None
        self._lock = threading.RLock()  # a signal handler may send while we make it

    async def __call__(self, request: Request) -> Response:
        deadline = self._runtime.monotonic() + time_left(request, self._runtime.monotonic)
        session = self._session or self._make_session()
        return session.exchange(
            self._route.target(request), self._route.headers(request), request.body or b"", deadline
        )

    def _make_session(self) -> Session:
        with self._lock:
            if self._session is None:
                with first_import():
                    from .requests_session import Session

                self._session = Session("" if self._route.is_forwarded else self._dsn.origin, self.post)
            return self._session
