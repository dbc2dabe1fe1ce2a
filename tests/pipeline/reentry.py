"""Programs in which signal handlers and finalizers interrupt Raven and use it themselves.

`run_alone` runs one in a process of its own. Test runners and coverage tools hold locks of their own that can't be entered
again, and must not be what is tested.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from raven.ledger import Ledger, Stats
from raven.outcome import DELIVERED, Outcome
from raven.pipeline import BoundStack, Queue, Stack
from raven.request import Request
from raven.runtimes.asyncio import AsyncioRuntime
from raven.testing import MemorySink

from .helpers import DSN, counted, new_request

LONG = 30.0
LOST = Outcome("network_error", "no")
ROOT = Path(__file__).parents[2]


def run_alone(program: Callable[[], None]) -> None:
    """Run one of the programs below, which must end without a word."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    code = f"from {program.__module__} import {program.__name__}; {program.__name__}()"
    command = [sys.executable, "-W", "error", "-c", code]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


class Signals:
    """Calls a function in a signal handler, every half millisecond of processor time."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.count = 0

    def __enter__(self) -> Signals:
        signal.signal(signal.SIGVTALRM, self._handle)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0005, 0.0005)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self.call()


class Dying:
    """Calls a function when it is collected. It is in a cycle, so that happens at any time."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.cycle = self

    def __del__(self) -> None:
        self.call()


def collect_until(all_are_gone: Callable[[], bool]) -> None:
    """Collect all garbage. gc.collect() does nothing while another thread does the same."""
    while not all_are_gone():
        gc.collect()


def queue() -> BoundStack:
    return Stack(Queue(queue_size=100_000), sink=MemorySink()).bind(DSN)


def signals_in_sends() -> None:
    stack, sent = queue(), 0

    def handler() -> None:
        stack.send(new_request("signal"))
        if signals.count % 10 == 0:
            stack.stats()
            stack.flush(0.0)

    with Signals(handler) as signals:
        while signals.count < 400:
            stack.send(new_request("loop"))
            sent += 1
            if sent % 100 == 0:
                stack.flush(LONG)
    stack.flush(LONG)
    total = sent + signals.count
    assert counted(stack.stats()) == {"accepted": total, "delivered": total}, stack.stats()


def signals_where_no_loop_runs() -> None:
    """A thread helps, and so do the caller and the handler that interrupts it."""
    runtime = AsyncioRuntime()
    stack, sent = Stack(Queue(queue_size=100_000), sink=MemorySink()).bind(DSN, runtime=runtime), 0

    def handler() -> None:
        stack.send(new_request("signal"))
        if signals.count % 10 == 0:
            stack.stats()
            stack.flush(0.0)

    with Signals(handler) as signals:
        while signals.count < 200:
            stack.send(new_request("loop"))
            sent += 1
            if sent % 100 == 0:
                stack.flush(LONG)
    stack.flush(LONG)
    total = sent + signals.count
    assert counted(stack.stats()) == {"accepted": total, "delivered": total}, stack.stats()


def finalizers_in_sends() -> None:
    stack = queue()
    died: list[None] = []

    def last_words() -> None:
        died.append(None)
        stack.send(new_request("died"))
        stack.flush(0.0)

    gc.set_threshold(3)
    for _ in range(2_000):
        Dying(last_words)
        stack.send(new_request("loop"))
    gc.set_threshold(700)
    collect_until(lambda: len(died) == 2_000)
    stack.flush(LONG)
    assert counted(stack.stats()) == {"accepted": 4_000, "delivered": 4_000}, stack.stats()


def signals_in_moves() -> None:
    ledger, count = Ledger(), 0

    def handler() -> None:
        ledger.accept()
        assert ledger.stats().pending >= 0
        ledger.settle(Request("0" * 32), DELIVERED)

    with Signals(handler) as signals:
        while signals.count < 500:
            ledger.accept()
            stats = ledger.stats()
            assert stats.accepted == stats.delivered + stats.failed + stats.pending, stats
            ledger.settle(Request("0" * 32), LOST)
            count += 1
    expected = Stats(count + signals.count, signals.count, 0, {"network_error": count})
    assert ledger.stats() == expected, (ledger.stats(), expected)


def finalizers_in_moves() -> None:
    ledger = Ledger()

    def last_words() -> None:
        ledger.accept()
        ledger.settle(Request("0" * 32), DELIVERED)

    gc.set_threshold(2)
    for _ in range(2_000):
        Dying(last_words)
        ledger.accept()
        ledger.settle(Request("0" * 32), LOST)
    gc.set_threshold(700)
    collect_until(lambda: ledger.stats().accepted == 4_000)
    assert ledger.stats() == Stats(4_000, 2_000, 0, {"network_error": 2_000}), ledger.stats()


def ctrl_c_in_moves() -> None:
    ledger, interrupts = Ledger(), 0
    signal.signal(signal.SIGVTALRM, signal.default_int_handler)
    while interrupts < 300:
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0005)
            while True:
                ledger.accept()
                ledger.settle(Request("0" * 32), DELIVERED)
        except KeyboardInterrupt:
            interrupts += 1
    stats = ledger.stats()
    assert stats.accepted == stats.delivered + stats.pending, stats
    assert 0 <= stats.pending <= interrupts, stats
    ledger.accept()
    assert ledger.stats().accepted == stats.accepted + 1, "it does not count any more"
