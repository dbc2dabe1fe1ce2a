"""What programs of each concurrency library have in common, so that one source is a program of each.

`LIVES` has what such a source begins with, by the library's name: `T` is the transport, and `live(work)` runs a generator
function where programs of the library run, and raises what it raises. Each `yield` lets others go on for some milliseconds.
`spawn(work)` begins another beside it, whose errors nobody hears of.
"""

from __future__ import annotations

_QUIET = """
import warnings
warnings.filterwarnings("ignore", r"\\s*Eventlet is deprecated")
warnings.filterwarnings("ignore", r"Using fork\\(\\) is a bad idea")
"""

GEVENT = """
import gevent
from raven.transport.gevent import GeventedHTTPTransport as T

def _go(work):
    for _ in work():
        gevent.sleep(0.005)

def live(work):
    gevent.spawn(_go, work).get()

def spawn(work):
    gevent.spawn(_go, work)
"""

EVENTLET = f"""
{_QUIET}
import eventlet
from raven.transport.eventlet import EventletHTTPTransport as T

def _go(work):
    for _ in work():
        eventlet.sleep(0.005)

def live(work):
    eventlet.spawn(_go, work).wait()

def spawn(work):
    eventlet.spawn(_go, work)
"""

ASYNCIO = """
import asyncio
from raven.transport.asyncio import AsyncioHTTPTransport as T

tasks = []

async def _go(work):
    for _ in work():
        await asyncio.sleep(0.005)

def live(work):
    asyncio.run(_go(work))

def spawn(work):
    tasks.append(asyncio.create_task(_go(work)))
"""

TORNADO = """
import asyncio
from tornado.ioloop import IOLoop
from raven.transport.tornado import TornadoHTTPTransport as T

async def _go(work):
    for _ in work():
        await asyncio.sleep(0.005)

def live(work):
    IOLoop(make_current=False).run_sync(lambda: _go(work))

def spawn(work):
    IOLoop.current().add_callback(_go, work)
"""

TWISTED = """
from twisted.internet import defer, reactor, task
from raven.transport.twisted import TwistedHTTPTransport as T

async def _go(work):
    for _ in work():
        await task.deferLater(reactor, 0.005)

def live(work):
    failures = []

    def end(result):
        if result is not None:
            failures.append(result.value)
        if reactor.running:
            reactor.stop()

    reactor.callWhenRunning(lambda: defer.Deferred.fromCoroutine(_go(work)).addBoth(end))
    reactor.run()
    if failures:
        raise failures[0]

def spawn(work):
    defer.Deferred.fromCoroutine(_go(work))
"""

LIVES = {"gevent": GEVENT, "eventlet": EVENTLET, "asyncio": ASYNCIO, "tornado": TORNADO, "twisted": TWISTED}
