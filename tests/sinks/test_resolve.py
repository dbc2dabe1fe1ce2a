"""Looking names up."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from raven.runtimes import drive
from raven.runtimes.threads import ThreadRuntime
from raven.sinks.resolve import Resolver


def test_a_lookup_needs_no_thread_where_none_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    found = drive(Resolver("localhost", 80, ThreadRuntime()).resolve(1))
    assert {address[4][1] for address in found} == {80}
    with pytest.raises(socket.gaierror):
        drive(Resolver("nosuchhost.invalid", 80, ThreadRuntime()).resolve(5))


class OddError(OSError):
    """What takes more than what it says."""

    def __init__(self, host: str, *, server: str) -> None:
        super().__init__(f"{server} does not know {host}")


def test_an_error_of_the_programs_own_lookup_is_one_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(host: str, *arguments: Any, flags: int, **options: Any) -> Any:
        if flags:  # whether it is written in digits
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        raise OddError(host, server="ns.test")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(OSError, match=r"ns\.test does not know name\.test"):
        drive(Resolver("name.test", 80, ThreadRuntime()).resolve(5))


@pytest.mark.parametrize("is_known", [True, False])
def test_those_who_wait_for_one_lookup_all_get_what_it_finds(monkeypatch: pytest.MonkeyPatch, is_known: bool) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]
    tries = threading.Semaphore(0)
    may_answer = threading.Event()

    def getaddrinfo(*arguments: Any, flags: int, **options: Any) -> Any:
        if flags:  # whether it is written in digits
            tries.release()
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        assert may_answer.wait(5)
        if is_known:
            return found
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = Resolver("name.test", 80, ThreadRuntime())

    def resolve() -> object:
        try:
            return drive(resolver.resolve(5))
        except socket.gaierror as error:
            return error.args

    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(resolve) for _ in range(3)]
        for _ in waiting:
            assert tries.acquire(timeout=5)
        may_answer.set()
        results = [each.result() for each in waiting]
    assert results == [found if is_known else (socket.EAI_NONAME, "unknown")] * 3
