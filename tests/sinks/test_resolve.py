"""Looking names up."""

from __future__ import annotations

import socket

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
