"""A session of requests that sends by our own connections, and decides nothing by itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from ..request import Request, Response
from ..runtimes import drive
from .http import deadline_of
from .urllib3_connections import Urllib3Connections

Post = Callable[[str, Mapping[str, str], bytes, float], Coroutine[Any, Any, Response]]
"""Makes one exchange, of a target, headers and a body, until a moment."""


class RequestsConnections(Urllib3Connections):
    """A session, and the connections that it sends by."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._session = Session("" if self._route.is_forwarded else self._dsn.origin, self.post)

    async def __call__(self, request: Request) -> Response:
        deadline = deadline_of(request, self._runtime.monotonic)
        target, headers = self._route.target(request), self._route.headers(request)
        return self._session.exchange(target, headers, request.body or b"", deadline)


class Session(requests.Session):
    """One that sends everything by `post`, and adds nothing to a request: no cookies, no headers, nothing of `~/.netrc`,
    no proxies. `origin` is what comes before a target to make an address of it; nothing if targets are addresses.
    """

    def __init__(self, origin: str, post: Post) -> None:
        super().__init__()
        self._origin = origin
        self.trust_env = False
        self.headers.clear()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(len(origin), post))

    def exchange(self, target: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Response:
        """One exchange. Redirects are answers like others. Raises what `post` does."""
        prepared = requests.PreparedRequest()  # by hand: requests would quote the address anew, and takes its time
        prepared.method = "POST"
        prepared.url = self._origin + target
        prepared.headers = CaseInsensitiveDict(headers)
        prepared.body = body
        prepared.hooks = {"response": []}
        got = self.send(prepared, stream=True, timeout=deadline, proxies={}, allow_redirects=False)
        return Response(got.status_code, dict(got.headers), got.content)

    def get_redirect_target(self, resp: Any) -> None:
        # Asked even if redirects are not followed.
        return None


class _Adapter(BaseAdapter):
    def __init__(self, before_target: int, post: Post) -> None:
        super().__init__()
        self._before_target = before_target
        self._post = post

    def send(  # type: ignore[override]  # its timeout is a moment, which requests only passes on
        self, request: requests.PreparedRequest, stream: bool, timeout: float, **options: Any
    ) -> requests.Response:
        assert request.url is not None
        headers = {name: str(value) for name, value in request.headers.items()}
        assert isinstance(request.body, bytes)
        answer = drive(self._post(request.url[self._before_target :], headers, request.body, timeout))
        made = requests.Response()
        made.status_code = answer.status
        made.headers = CaseInsensitiveDict(answer.headers)
        made.raw = io.BytesIO(answer.body)
        made.request = request
        made.url = request.url
        return made

    def close(self) -> None:
        """There is nothing to close: the connections are the sink's."""
