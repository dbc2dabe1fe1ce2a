"""`raven spool drain`: deliver what programs that are gone have left."""

from __future__ import annotations

import argparse
import logging
import math
import sys
import threading
import time
from functools import partial
from typing import TextIO

from ..dsn import Dsn
from ..ledger import Ledger
from ..own_log import Sparingly
from ..pipeline.bound import compose
from ..pipeline.stage import Context
from ..request import Send
from ..runtimes.poll import PollRuntime
from ..sinks.poll import PollSink
from ..spool.bounds import Bounds, Clock
from ..spool.folder import fingerprint
from ..spool.orphans import Orphans
from ..spool.pace import Pace
from ..spool.replay import Replay
from ..spool.verdict import Verdict
from ..transport.spooled import SpooledHTTPTransport
from .spool import DONE, NOT_DONE, duration

_UNBOUNDED = Bounds(sys.maxsize, sys.maxsize, math.inf)
_SIDE_BY_SIDE = 4
"""Files that are drained at a time, unless the command line says how many events."""
_LONGEST_SLEEP = 0.2
"""Seconds after which a Ctrl-C is noticed in a pause."""
_EVERY = 0.2, 5.0
"""Seconds between two states of the progress bar, and between two lines where there is no terminal."""


def drain(where: str, options: argparse.Namespace, out: TextIO) -> int:
    """Deliver it, and tell how it goes. 0 if all was delivered that has no owner, 1 if not."""
    logging.getLogger("raven").addHandler(logging.NullHandler())
    dsn = Dsn.parse(options.dsn)
    stack = SpooledHTTPTransport().with_options(dsn.options)
    at = next(at for at, stage in enumerate(stack.stages) if stage.role == "queue")
    workers = max(1, _SIDE_BY_SIDE if options.workers is None else options.workers)
    given = stack.sink.options()
    sink = PollSink(**given | {"connections": max(workers, given["connections"])})
    runtime = sink.runtime()
    send = compose(stack.stages[at + 1 :], sink, Context(dsn, runtime, Ledger()))[0]
    log = Sparingly(logging.getLogger("raven.delivery"))
    orphans = Orphans(where, fingerprint(dsn), _UNBOUNDED, Clock(time.monotonic), log)
    others = orphans.look()
    try:
        if options.replay_dead:
            for orphan in orphans:
                orphan.store.revive()
        total = sum(orphan.store.totals().waiting for orphan in orphans)
        run = Run(runtime, orphans, send, options.patience, Progress(out, total))
        run.carry_out(workers, in_order=options.workers is None)
    finally:
        orphans.release()
    if others:
        print("Some files are in use: their programs deliver what is in them.", file=out)
    return run.summary(out)


class Run:
    """The delivery of what is in some files: side by side, and each in its order; or so many events at a time."""

    def __init__(
        self,
        runtime: PollRuntime,
        orphans: Orphans,
        send: Send,
        patience: float,
        progress: Progress,
    ) -> None:
        self._runtime = runtime
        self._orphans = orphans
        self._send = send
        self._patience = patience
        self._progress = progress
        self._pace = Pace(time.monotonic, 0.0)
        self._replay = Replay(self._pace)
        self._last = time.monotonic()
        self._stopped = False
        self.delivered = 0
        self.dead = 0

    def carry_out(self, workers: int, *, in_order: bool) -> None:
        """Deliver until nothing is left, or nothing succeeds any more, or Ctrl-C."""
        # Not Thread.join: a Ctrl-C in it makes Python 3.10 to 3.12 take the thread for one that has ended.
        over = threading.Event()

        def deliver() -> None:
            try:
                self._runtime.carry_out(*[partial(self._work, in_order)] * workers)
            finally:
                over.set()

        threading.Thread(target=deliver, daemon=True).start()
        try:
            while not over.wait(_EVERY[0]):
                self._progress.show(self.delivered, self.dead)
        except KeyboardInterrupt:
            pass
        finally:
            self._stopped = True
            over.wait()  # for what is under way: who let go of its file now would have it sent twice
        self._progress.show(self.delivered, self.dead, last=True)

    async def _work(self, in_order: bool) -> None:
        while not self._stopped:
            left = self._pace.left()
            if left > 0:
                if time.monotonic() + left > self._last + self._patience:
                    return
                await self._runtime.sleep(min(left, _LONGEST_SLEEP))
                continue
            found = self._orphans.take(in_order=in_order)
            if found is None:
                return
            result = await self._replay.deliver(*found, self._send)
            if result is not Verdict.HELD:
                self._last = time.monotonic()
                if result is Verdict.DELIVERED:
                    self.delivered += 1
                else:
                    self.dead += 1

    def summary(self, out: TextIO) -> int:
        """Say how it ended. Returns the exit code."""
        left = self._progress.total - self.delivered - self.dead
        print(f"{self.delivered} delivered, {self.dead} refused for good, {left} still wait.", file=out)
        if self.dead:
            print("raven spool inspect FOLDER tells why they were refused.", file=out)
        return DONE if self.delivered == self._progress.total else NOT_DONE


class Progress:
    """A bar on a terminal; elsewhere a line now and then."""

    def __init__(self, out: TextIO, total: int) -> None:
        self._out = out
        self._bar = out.isatty()
        self._began = time.monotonic()
        self._next = self._began + (0 if self._bar else _EVERY[1])
        self.total = total

    def show(self, delivered: int, dead: int, *, last: bool = False) -> None:
        """Tell how far it is, if it is time to."""
        now = time.monotonic()
        if now < self._next and not (last and self._bar):
            return
        self._next = now + _EVERY[not self._bar]
        done = delivered + dead
        rate = done / max(now - self._began, 1e-6)
        left = f", {duration((self.total - done) / rate)} left" if rate > 0 and not last else ""
        text = f"{done} of {self.total}, {rate:.0f}/s{left}"
        if not self._bar:
            print(text, file=self._out, flush=True)
            return
        filled = 30 * done // max(self.total, 1)
        end = "\n" if last else ""
        print(f"\r[{'#' * filled}{'.' * (30 - filled)}] {text}\x1b[K", end=end, file=self._out, flush=True)
