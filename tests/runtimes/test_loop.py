"""Runtimes whose workers live in the thread of one loop, hub or reactor: each in its habitat, seen from other threads."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

import pytest

from raven.runtimes import CannotWait
from raven.runtimes.asyncio import AsyncioRuntime
from raven.runtimes.eventlet import EventletRuntime
from raven.runtimes.gevent import GeventRuntime
from raven.runtimes.loop import LoopRuntime, LoopWaker
from raven.runtimes.poll import PollRuntime
from raven.runtimes.twisted import TwistedRuntime
from raven.testing.habitats import AsyncioLoop, EventletHub, GeventHub, Habitat, Loop, Reactor, habitat

LONG = 30.0
ROOT = Path(__file__).parents[2]


class PollLoop(Loop):
    """A loop of our own."""

    def live(self, begun: Callable[[], object]) -> None:
        self.runtime = runtime = PollRuntime()

        async def for_ever() -> None:
            begun()
            await runtime.waker().wait(None)

        runtime.carry_out(for_ever)

    def soon(self, function: Callable[[], object]) -> None:
        self.runtime.call(function)


HOMES: dict[type[LoopRuntime], type[Habitat]] = {
    AsyncioRuntime: AsyncioLoop,
    TwistedRuntime: Reactor,
    GeventRuntime: GeventHub,
    EventletRuntime: EventletHub,
    PollRuntime: PollLoop,
}


class Home:
    """A runtime, and the loop that it lives in, which runs in a thread of its own."""

    def __init__(self, kind: type[LoopRuntime]) -> None:
        self.loop = habitat(HOMES[kind])
        self.runtime: Any = self.loop.runtime if isinstance(self.loop, PollLoop) else self.loop.call(kind)
        self.thread = self.loop.call(threading.current_thread)

    def run(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return self.runtime.run(make, LONG)

    def soon(self, function: Callable[[], object]) -> None:
        assert isinstance(self.loop, Loop)
        self.loop.soon(function)

    def attempt(self, run: Callable[[], object]) -> Callable[[], object]:
        """A function that calls that, and never raises. What it raised is returned."""

        def attempted() -> object:
            try:
                return run()
            except BaseException as error:
                return type(error)

        return attempted


def title(kind: type) -> str:
    return kind.__name__


@pytest.fixture(params=HOMES, ids=title)
def home(request: pytest.FixtureRequest) -> Home:
    return Home(request.param)


@pytest.fixture(params=[AsyncioRuntime, TwistedRuntime, PollRuntime], ids=title)
def loop_home(request: pytest.FixtureRequest) -> Home:
    return Home(request.param)


@pytest.fixture(params=[GeventRuntime, EventletRuntime], ids=title)
def hub_home(request: pytest.FixtureRequest) -> Home:
    return Home(request.param)


async def thread_of() -> threading.Thread:
    return threading.current_thread()


async def answer() -> int:
    return 42


async def failing() -> None:
    raise ZeroDivisionError


def test_a_coroutine_runs_on_the_loop_while_another_thread_waits(home: Home) -> None:
    assert home.run(thread_of) is home.thread
    assert home.thread is not threading.current_thread()
    assert home.run(answer) == 42
    with pytest.raises(ZeroDivisionError):
        home.run(failing)


@pytest.mark.parametrize("seconds", [None, 1e10, 1e300, float("inf")])
def test_another_thread_may_wait_for_ever(home: Home, seconds: float | None) -> None:
    assert home.runtime.run(answer, seconds) == 42


def test_many_threads_may_wait_at_once(home: Home) -> None:
    async def slowly() -> int:
        await home.runtime.sleep(0.01)
        return 42

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: home.run(slowly), range(40))) == [42] * 40


def test_to_sleep_is_to_let_others_go_on(home: Home) -> None:
    order: list[str] = []
    over = home.runtime.waker()

    async def other() -> None:
        order.append("other")
        over.wake()

    async def sleeper() -> float:
        home.runtime.spawn(other)
        began = time.monotonic()
        await home.runtime.sleep(0.03)
        took = time.monotonic() - began
        order.append("sleeper")
        assert await over.wait(LONG)
        return took

    assert home.run(sleeper) >= 0.029
    assert order == ["other", "sleeper"]


def test_to_sleep_for_no_time_is_to_let_others_go_on_too(home: Home) -> None:
    order: list[int] = []

    async def other() -> None:
        order.append(1)

    async def sleeper() -> None:
        home.runtime.spawn(other)
        for _ in range(100):
            await home.runtime.sleep(0)
        order.append(2)

    home.run(sleeper)
    assert order == [1, 2]


TIMEOUTS = [None, LONG, 1e7, 1e300, float("inf")]


@pytest.mark.parametrize("timeout", [*TIMEOUTS, 0.0, -1.0])
def test_a_wake_that_came_before_is_not_lost_and_several_are_one(home: Home, timeout: float | None) -> None:
    waker = home.runtime.waker()
    for _ in range(3):
        waker.wake()

    async def wait() -> tuple[bool, bool]:
        return await waker.wait(timeout), await waker.wait(0.0)

    assert home.run(wait) == (True, False)


@pytest.mark.parametrize("timeout", [0.0, -5.0, 0.01])
def test_a_wait_ends_without_a_wake(home: Home, timeout: float) -> None:
    async def wait() -> bool:
        woken: bool = await home.runtime.waker().wait(timeout)
        return woken

    assert home.run(wait) is False


@pytest.mark.parametrize("timeout", TIMEOUTS)
@pytest.mark.parametrize("by", ["the loop", "a thread", "a worker"])
def test_a_wake_ends_a_wait_and_several_are_one(home: Home, by: str, timeout: float | None) -> None:
    waker = home.runtime.waker()
    waits = threading.Event()

    def wake() -> None:
        for _ in range(3):
            waker.wake()

    async def worker() -> None:
        wake()

    async def wait() -> tuple[bool, bool]:
        if by == "the loop":
            home.runtime.call(wake)
        elif by == "a worker":
            home.runtime.spawn(worker)
        else:
            home.runtime.call(waits.set)  # which it does only when we wait
        woken = await waker.wait(timeout)
        return woken, await waker.wait(0.0) if by != "a thread" else False

    with ThreadPoolExecutor(1) as threads:
        result = threads.submit(home.run, wait)
        if by == "a thread":
            assert waits.wait(LONG)
            wake()
        assert result.result(LONG) == (True, False)
    wake()  # nobody waits any more


def test_wakes_from_many_threads_are_all_heard(home: Home) -> None:
    """Whoever has seen that something is to do comes again until it is done."""
    waker: LoopWaker = home.runtime.waker()
    given: list[int] = []

    async def take() -> int:
        taken = 0
        while taken < 800:
            assert await waker.wait(LONG)
            taken = len(given)
        return taken

    def give(number: int) -> None:
        given.append(number)
        waker.wake()

    with ThreadPoolExecutor(9) as threads:
        result = threads.submit(home.run, take)
        list(threads.map(give, range(800)))
        assert result.result(LONG) == 800


def test_a_wake_between_the_look_and_the_wait_is_not_lost(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    waker = home.runtime.waker()
    alarm = home.runtime.alarm

    def late() -> Any:
        waker.wake()
        return alarm()

    monkeypatch.setattr(home.runtime, "alarm", late)
    assert home.runtime.run(lambda: waker.wait(None), 5.0) is True


def test_an_alarm_may_ring_more_than_once_and_when_nobody_waits(home: Home) -> None:
    async def wait() -> None:
        alarm = home.runtime.alarm()
        alarm.ring()
        alarm.ring()
        await alarm.wait(LONG)
        alarm.ring()

    home.run(wait)


def test_wakers_are_independent(home: Home) -> None:
    first, second = home.runtime.waker(), home.runtime.waker()
    first.wake()

    async def wait() -> tuple[bool, bool]:
        return await second.wait(0.0), await first.wait(0.0)

    assert home.run(wait) == (False, True)


@pytest.mark.parametrize("where", ["thread", "loop"])
def test_a_worker_runs_on_the_loop_wherever_it_is_spawned(home: Home, where: str) -> None:
    ran_in: list[threading.Thread] = []
    ended = threading.Event()

    async def worker() -> None:
        await home.runtime.sleep(0)
        ran_in.append(threading.current_thread())
        ended.set()

    if where == "loop":
        home.loop.call(lambda: home.runtime.spawn(worker))
    else:
        home.runtime.spawn(worker)
    assert ended.wait(LONG)
    assert ran_in == [home.thread]


@pytest.mark.parametrize("where", ["thread", "loop"])
def test_a_worker_knows_nothing_of_what_whoever_spawned_it_was_doing(home: Home, where: str) -> None:
    """It would take the caller's capture for its own, and keep the caller's data as long as it lives."""
    doing = ContextVar("doing", default="nothing")
    seen: list[str] = []
    ended = threading.Event()

    async def worker() -> None:
        seen.append(doing.get())
        ended.set()

    def spawn() -> None:
        doing.set("a capture")
        home.runtime.spawn(worker)

    if where == "loop":
        home.loop.call(lambda: copy_context().run(spawn))
    else:
        copy_context().run(spawn)
    assert ended.wait(LONG)
    assert seen == ["nothing"]


def test_a_caller_that_awaits_on_the_loop_runs_it_there(home: Home) -> None:
    assert home.run(lambda: home.runtime.arun(thread_of)) is home.thread
    with pytest.raises(ZeroDivisionError):
        home.run(lambda: home.runtime.arun(failing))


def test_a_caller_that_awaits_elsewhere_waits_for_the_loop(home: Home) -> None:
    assert asyncio.run(home.runtime.arun(thread_of, LONG)) is home.thread
    with pytest.raises(ZeroDivisionError):
        asyncio.run(home.runtime.arun(failing, LONG))


@pytest.fixture
def blocked(home: Home) -> Iterator[None]:
    """Meanwhile the loop does nothing for anybody."""
    begun, release, over = threading.Event(), threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        release.wait(LONG)
        over.set()

    home.soon(block)
    assert begun.wait(LONG)
    yield
    release.set()
    assert over.wait(LONG)


@pytest.mark.usefixtures("blocked")
def test_a_loop_that_is_blocked_is_waited_for_only_so_long(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raven.runtimes.loop._GRACE", 0.0)
    with pytest.raises(CannotWait):
        home.runtime.run(answer, 0.02)
    with pytest.raises(CannotWait):
        asyncio.run(home.runtime.arun(answer, 0.02))


def test_on_the_loop_itself_nobody_can_wait_for_it(loop_home: Home) -> None:
    assert loop_home.loop.call(loop_home.attempt(lambda: loop_home.runtime.run(answer, LONG))) is CannotWait


def test_in_a_greenlet_a_coroutine_runs_at_once(hub_home: Home) -> None:
    async def sleep() -> threading.Thread:
        await hub_home.runtime.sleep(0.001)
        return threading.current_thread()

    assert hub_home.loop.call(lambda: hub_home.runtime.run(sleep, LONG)) is hub_home.thread


def test_in_a_callback_of_the_hub_nobody_can_wait(hub_home: Home) -> None:
    hub = hub_home.runtime._hub
    soon = (
        hub.loop.run_callback
        if isinstance(hub_home.runtime, GeventRuntime)
        else lambda call: hub.schedule_call_global(0, call)
    )
    results: list[object] = []
    done = threading.Event()

    def callback() -> None:
        results.append(hub_home.attempt(lambda: hub_home.runtime.run(answer, LONG))())
        done.set()

    hub_home.loop.call(lambda: soon(callback))
    assert done.wait(LONG)
    assert results == [CannotWait]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def test_who_waits_for_a_socket_to_be_readable_is_woken(home: Home, pair: Pair) -> None:
    ours, theirs = pair

    async def read() -> bytes:
        home.runtime.call(lambda: theirs.send(b"hello"))
        await home.runtime.wait_readable(ours.fileno(), LONG)
        return ours.recv(5)

    for _ in range(3):
        assert home.run(read) == b"hello"


def test_who_waits_for_a_socket_to_be_writable_is_woken(home: Home, pair: Pair) -> None:
    ours, theirs = pair

    async def write() -> int:
        await home.runtime.wait_writable(ours.fileno(), LONG)
        fill(ours)
        home.runtime.call(lambda: drain(theirs))
        await home.runtime.wait_writable(ours.fileno(), LONG)
        return ours.send(b"x")

    for _ in range(3):
        assert home.run(write) == 1


def test_a_wait_for_a_socket_ends_with_its_time(home: Home, pair: Pair) -> None:
    ours, theirs = pair

    async def wait() -> float:
        began = time.monotonic()
        await home.runtime.wait_readable(ours.fileno(), 0.02)
        fill(ours)
        await home.runtime.wait_writable(ours.fileno(), 0.02)
        return time.monotonic() - began

    for _ in range(2):
        assert 0.039 <= home.run(wait) < LONG
    assert theirs.recv(1)


def test_a_socket_that_is_waited_for_no_more_can_be_waited_for_again(home: Home, pair: Pair) -> None:
    """A watch that was left behind would ring for a descriptor that is another's by then, or be in the way of the next."""
    ours, theirs = pair

    async def wait() -> None:
        await home.runtime.wait_readable(ours.fileno(), 0.001)
        await home.runtime.wait_writable(ours.fileno(), LONG)
        theirs.send(b"x")
        await home.runtime.wait_readable(ours.fileno(), LONG)
        assert ours.recv(1) == b"x"

    for _ in range(3):
        home.run(wait)


def fill(sock: socket.socket) -> None:
    try:
        while True:
            sock.send(b"x" * 65_536)
    except BlockingIOError:
        return


def drain(sock: socket.socket) -> None:
    try:
        while True:
            sock.recv(65_536)
    except BlockingIOError:
        return


# asyncio has many loops, one after the other.


def test_a_runtime_that_is_made_before_its_loop_attaches_when_that_runs() -> None:
    runtime = AsyncioRuntime()
    assert_stopped(runtime)

    async def main() -> list[bool]:
        return [runtime.is_running(), runtime.is_here(), await runtime.arun(answer) == 42]

    assert asyncio.run(main()) == [True, True, True]
    assert_stopped(runtime)


def assert_stopped(runtime: Any) -> None:
    """Nothing can be had of it, and that is known at once."""
    assert not runtime.is_running()
    assert not runtime.is_here()
    with pytest.raises(CannotWait):
        runtime.run(answer, LONG)
    with pytest.raises(RuntimeError):
        runtime.spawn(failing)


def test_of_loops_one_after_the_other_each_has_its_turn() -> None:
    runtime = AsyncioRuntime()
    ran: list[asyncio.AbstractEventLoop] = []

    async def worker() -> None:
        ran.append(asyncio.get_running_loop())

    async def main() -> bool:
        runtime.spawn(worker)
        await runtime.sleep(0.001)
        return ran[-1] is asyncio.get_running_loop()

    assert [asyncio.run(main()) for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("how", ["closed", "stopped"])
def test_what_a_loop_leaves_behind_is_ended_when_another_one_runs(how: str, recwarn: pytest.WarningsRecorder) -> None:
    runtime = AsyncioRuntime()
    waker = runtime.waker()
    ended: list[type[BaseException]] = []

    async def worker() -> None:
        try:
            await waker.wait(LONG)
        except BaseException as error:
            ended.append(type(error))
            raise

    async def main() -> None:
        runtime.spawn(worker)
        await runtime.sleep(0)
        await runtime.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    if how == "closed":
        loop.close()
    else:
        assert not runtime.is_running()
        assert ended == []  # it may go on
    waker.wake()  # whoever waited can't hear it
    assert asyncio.run(runtime.arun(answer)) == 42
    assert ended == [GeneratorExit]
    loop.close()
    gc.collect()
    assert len(recwarn) == 0


def test_what_a_closed_loop_has_left_behind_is_ended_by_whoever_asks() -> None:
    runtime = AsyncioRuntime()
    ended = threading.Event()

    async def worker() -> None:
        try:
            await runtime.sleep(LONG)
        finally:
            ended.set()

    async def main() -> None:
        runtime.spawn(worker)
        await runtime.sleep(0)
        await runtime.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
    assert_stopped(runtime)
    assert ended.is_set()


def test_what_does_not_let_itself_be_ended_is_in_nobodys_way() -> None:
    runtime = AsyncioRuntime()

    async def stubborn() -> None:
        while True:
            try:
                await runtime.sleep(LONG)
            except GeneratorExit:
                if not stubbornness:
                    raise
                stubbornness.pop()

    async def main() -> None:
        runtime.spawn(stubborn)
        await runtime.sleep(0)
        await runtime.sleep(0)

    stubbornness = [None]
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    assert asyncio.run(runtime.arun(answer)) == 42
    assert stubbornness == []
    loop.close()


def test_a_thread_that_waits_for_a_loop_that_ends_is_told_and_not_cancelled() -> None:
    runtime = AsyncioRuntime()
    begun: list[asyncio.Event] = []

    async def endless() -> None:
        begun[0].set()
        await runtime.sleep(LONG)

    async def main(threads: ThreadPoolExecutor) -> Any:
        begun.append(asyncio.Event())
        runtime.is_here()
        result = threads.submit(runtime.run, endless, LONG)
        await begun[0].wait()
        return result

    with ThreadPoolExecutor(1) as threads:
        result = asyncio.run(main(threads))
        with pytest.raises(CannotWait):
            result.result(LONG)


def test_ctrl_c_that_interrupts_what_a_thread_waits_for_is_for_the_program() -> None:
    runtime = AsyncioRuntime()

    async def interrupted() -> None:
        raise KeyboardInterrupt

    async def main(threads: ThreadPoolExecutor) -> None:
        runtime.is_here()
        results.append(threads.submit(runtime.run, interrupted, LONG))
        await asyncio.sleep(LONG)

    results: list[Any] = []
    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main(threads))
        with pytest.raises(CannotWait):
            results[0].result(LONG)


@pytest.mark.parametrize("kind", [GeventRuntime, EventletRuntime], ids=title)
def test_a_hub_that_is_gone_with_its_thread_does_nothing_for_anybody(
    kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raven.runtimes.loop._GRACE", 0.0)
    with ThreadPoolExecutor(1) as threads:
        runtime = threads.submit(kind).result(LONG)
    gc.collect()
    with pytest.raises(CannotWait):
        runtime.run(answer, 0.02)


def alone(program: str) -> str:
    """What a program says that has a process of its own, in which nothing is warned of."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-W", "error", "-c", program]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.strip()


BEFORE_AND_AFTER = """
import threading
from raven.runtimes import CannotWait
from raven.runtimes.twisted import TwistedRuntime

runtime, done = TwistedRuntime(), threading.Event()

async def answer():
    return 42

def attempt(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__

def state():
    print(runtime.is_running(), runtime.is_here(), attempt(lambda: runtime.run(answer, 30)),
          attempt(lambda: runtime.spawn(worker)))

async def worker():
    await runtime.sleep(0)
    state()
    threading.Thread(target=lambda: (state(), reactor.callFromThread(reactor.stop))).start()

async def nothing():
    pass

state()
from twisted.internet import reactor
state()
first, worker_of = worker, None
reactor.callWhenRunning(lambda: (runtime.spawn(first)))
worker = nothing
reactor.run()
state()
"""


def test_twisteds_runtime_is_there_before_a_reactor_is_and_knows_when_it_runs_and_has_stopped() -> None:
    assert alone(BEFORE_AND_AFTER).splitlines() == [
        "False False CannotWait RuntimeError",
        "False False CannotWait RuntimeError",
        "True True CannotWait None",
        "True False 42 None",
        "False False CannotWait RuntimeError",
    ]


ON_ASYNCIO = """
import asyncio
from twisted.internet import asyncioreactor
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)
from twisted.internet import reactor
from raven import Client
from raven.testing.counting_server import CountingServer
from raven.transport.twisted import TwistedHTTPTransport

async def main(client):
    try:
        for _ in range(3):
            client.capture_message("hello")
            print(await client.aflush(20))
        print(await client.aclose(20), client.stats().delivered)
    finally:
        reactor.stop()

with CountingServer() as server:
    client = Client(server.dsn, TwistedHTTPTransport)
    tasks = []
    reactor.callWhenRunning(lambda: tasks.append(loop.create_task(main(client))))
    reactor.run()
    print(len(server.received))
"""


def test_a_task_of_asyncio_can_await_what_twisteds_reactor_does_above_the_same_loop() -> None:
    assert alone(ON_ASYNCIO).splitlines() == ["Flushed.DELIVERED"] * 3 + ["Flushed.DELIVERED 3", "3"]
