"""What does it cost a program to capture an exception?

Captures exceptions of 20 frames with 7 local variables each, with Raven and with the newest sentry-sdk 2, and prints the
time that the call takes, up to and with the making of the body: nothing is sent. Each runs in a process of its own, with
default settings, in turn, and the best of the rounds counts. Sentry-sdk is installed into an environment of its own, which
is thrown away.

    python benchmarks/capture.py
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from peers import install

ROUNDS = 5
CAPTURES = 300
FRAMES = 20


@dataclass
class Line:
    """What is ordered."""

    item: str
    price: float


class Order:
    """Something with a `repr` of its own."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"<Order {self.number}>"


def bill(frames: int, order: Order) -> float:
    """Fail, with so many frames below this one."""
    customer = f"customer {frames}"
    prices = [1.5 * frames, 2, 3]
    lines = {"bread": Line("bread", 1.5), "cake": None}
    address = f"{frames} Mill Lane, somewhere in the north of the country"
    paid = frames % 2 == 0
    if frames == 1:
        raise ValueError(f"no price for {customer}, {address}: {prices}, {lines}, {paid}")
    return bill(frames - 1, order)


def raised() -> Exception:
    """An exception that has come through all the frames."""
    try:
        bill(FRAMES - 1, Order(5))
    except ValueError as error:
        return error
    raise AssertionError


def ravens() -> Callable[[Exception], object]:
    """Raven's call, with a stack that makes the body and keeps nothing."""
    from raven import Client, Stack, stage
    from raven.pipeline import Serialize
    from raven.request import Request, Response, Send
    from raven.testing import MemorySink

    @stage
    async def stop(request: Request, send: Send) -> Response:
        return Response(200)

    return Client("http://key@localhost/1", Stack(Serialize(), stop, sink=MemorySink())).capture_exception


def sentrys() -> Callable[[Exception], object]:
    """Sentry-sdk's call, with a transport that makes the body and keeps nothing."""
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Nowhere(Transport):  # type: ignore[misc, unused-ignore]
        def capture_envelope(self, envelope):  # type: ignore[no-untyped-def]
            envelope.serialize()

    sentry_sdk.init("http://key@localhost/1", transport=Nowhere)
    return sentry_sdk.capture_exception


def measure(capture: Callable[[Exception], object]) -> float:
    """Microseconds for one call, the median of many."""
    times = []
    for number in range(CAPTURES + 20):
        error = raised()
        before = time.perf_counter()
        capture(error)
        if number >= 20:
            times.append(time.perf_counter() - before)
    return statistics.median(times) * 1e6


def main() -> None:
    if len(sys.argv) > 1:
        print(measure({"raven": ravens, "sentry": sentrys}[sys.argv[1]]()))
        return
    with tempfile.TemporaryDirectory() as folder:
        pythons = {"raven": sys.executable, "sentry": install(Path(folder, "sentry"), "sentry-sdk>=2,<3")}
        times: dict[str, list[float]] = {name: [] for name in pythons}
        for _ in range(ROUNDS):
            for name, python in pythons.items():
                ran = subprocess.run([python, __file__, name], check=True, capture_output=True, text=True)
                times[name].append(float(ran.stdout))
    best = {name: min(each) for name, each in times.items()}
    print(f"CPython {platform.python_version()}, {platform.machine()}; {FRAMES} frames; best of {ROUNDS}")
    for name, microseconds in best.items():
        print(f"{name:>10}  {microseconds:7.0f} us")
    print(f"Raven takes 1/{best['sentry'] / best['raven']:.1f} of the time")


if __name__ == "__main__":
    main()
