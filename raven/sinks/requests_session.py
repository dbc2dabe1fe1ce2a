"""A session of requests that decides nothing by itself: where it connects to, and how, is the pool's matter."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

from requests import PreparedRequest, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, Retry


def make_session(pool: HTTPConnectionPool, *, whole_address: bool) -> Session:
    """A session that sends everything by this pool, and adds nothing to a request: no cookies, no headers, nothing of
    `~/.netrc`, no proxies but the pool's. With `whole_address` the first line has it, as a proxy wants it.
    """
    session = _Session()
    session.trust_env = False
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool, whole_address))
    return session


class _Session(Session):
    def get_redirect_target(self, resp: Any) -> None:
        # Asked even if redirects are not followed, and then the whole body would be read.
        return None


class _Adapter(HTTPAdapter):
    def __init__(self, pool: HTTPConnectionPool, whole_address: bool) -> None:
        super().__init__(max_retries=Retry(False))
        self._pool = pool
        self._whole_address = whole_address

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> HTTPConnectionPool:
        return self._pool

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        url = request.url if self._whole_address else request.path_url
        return str(url)

    def cert_verify(self, *arguments: Any, **options: Any) -> None:
        """The pool's context does that."""
