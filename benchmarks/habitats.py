"""How a program with a loop runs, by the name of the transport that is made for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

from clients import Sleep

Main = Callable[[Sleep], Coroutine[Any, Any, None]]


def live(transport: str, main: Main) -> None:
    """Run a coroutine to its end, as the whole program. It gets what it may wait with."""
    {"gevent": _gevent, "eventlet": _eventlet, "asyncio": _asyncio, "tornado": _asyncio, "twisted": _twisted}.get(
        transport, _plain
    )(main)


def patch(transport: str) -> None:
    """Patch the standard library, before anything else is imported, as programs with greenlets do."""
    if transport == "gevent":
        from gevent import monkey

        monkey.patch_all()
    if transport == "eventlet":
        import warnings

        warnings.simplefilter("ignore")  # it says that it is deprecated
        import eventlet

        eventlet.monkey_patch()


def _plain(main: Main) -> None:
    async def sleep(seconds: float) -> None:
        time.sleep(seconds)

    try:
        main(sleep).send(None)
    except StopIteration:
        pass


def _gevent(main: Main) -> None:
    _plain(main)  # patched, so what blocks is a greenlet


def _eventlet(main: Main) -> None:
    import eventlet

    eventlet.spawn(_plain, main).wait()


def _asyncio(main: Main) -> None:
    import asyncio

    asyncio.run(main(asyncio.sleep))


def _twisted(main: Main) -> None:
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred
    from twisted.internet.task import deferLater

    failures: list[Any] = []

    def begin() -> None:
        running = Deferred.fromCoroutine(main(lambda seconds: deferLater(reactor, seconds)))
        running.addErrback(failures.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    if failures:
        failures[0].raiseException()
