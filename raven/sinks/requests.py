"""Blocking HTTP, by requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dsn import Dsn
from ..first_import import first_import
from ..require import require
from .urllib3 import Post, Urllib3Sink

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

    from .urllib3_pool import Until


@dataclass(frozen=True, repr=False)
class RequestsSink(Urllib3Sink):
    """POST the body by a session of requests. What is below requests is urllib3, and the same as in `Urllib3Sink`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("requests", "requests", "this transport", "requests")

    def posting(self, pool: HTTPConnectionPool, dsn: Dsn, *, forwarded: bool) -> Post:
        with first_import():
            from requests import Request

            from .requests_session import make_session

        session = make_session(pool, whole_address=forwarded)
        before = "" if forwarded else dsn.origin

        def post(target: str, body: bytes | None, headers: Mapping[str, str], until: Until) -> BaseHTTPResponse:
            prepared = session.prepare_request(Request("POST", before + target, headers=headers, data=body))
            prepared.url = before + target  # however requests would quote it
            response = session.send(
                prepared,
                stream=True,
                timeout=until,  # passed on to urllib3 as it is
                proxies={},
                allow_redirects=False,
            )
            raw: BaseHTTPResponse = response.raw
            return raw

        return post
