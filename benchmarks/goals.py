"""What Raven's speed is to be, as ratios within one run, and what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from figures import KIB, MIB, Results, ratio, short, table
from plan import CONCURRENCY, DISTANT, LATENCY, PEERS, QUEUE_SIZE, SIZES
from work import FRAMES

OURS = "raven"
ENOUGH = FRAMES - 2
"""Frames whose locals or source lines have to be there. One of the 20 is not `bill`'s."""
PARTS = ("raw socket", "one urllib3 POST", "eight stages that pass through", "the default sink")
"""Names of micro-benchmarks."""


@dataclass(frozen=True)
class Goal:
    """A row of the table."""

    what: str
    against: str
    goal: str
    seen: str
    met: bool


def goals(results: Results) -> Iterator[Goal]:
    """All of which there are figures."""
    if all(results.ran(f"clients/{row}/{work}") for row in (OURS, "sentry-sdk") for work in ("message", "exception")):
        yield from _beside_others(results)
    if all(results.ran(f"start/{row}/message") for row in (OURS, "sentry-sdk")):
        ready, others = (results.value(f"start/{row}/message", "ready") for row in (OURS, "sentry-sdk"))
        yield _most("import and init", "sentry-sdk", ready, others, 1 / 3)
    if results.parts:
        yield from _parts(results)
    if results.ran(f"down/{OURS}/exception") and results.ran(f"clients/{OURS}/exception"):
        yield from _down(results)
    yield from _flat(results)
    for key in results.runs:
        if not key.startswith("distant/") or not results.ran(key):
            continue
        row = key.split("/")[1]
        seconds, least = results.value(key, "seconds"), results.value(key, "delivered") * LATENCY / CONCURRENCY
        what = f"{DISTANT:,} events to a server {LATENCY * 1e3:.0f} ms away, {row}"
        yield _most(what, "N x latency / concurrency", seconds, least, 1.25)
    yield from _transports(results)
    if results.ran(f"clients/{OURS}/exception"):
        yield from _whole(results)


def sends_all(results: Results, row: str) -> bool:
    """Whether the server saw local variables and source lines of this client's exceptions."""
    key = f"clients/{row}/exception"
    sample = results.first(key)["sample"] if results.ran(key) else {"locals": 0, "lines": 0}
    return bool(sample["locals"] >= ENOUGH and sample["lines"] >= ENOUGH)


def sends_singly(results: Results, row: str) -> bool:
    """Whether the server got a request for each event."""
    key = f"clients/{row}/message"
    return results.ran(key) and results.value(key, "events_per_request") < 1.5


def is_ours(key: str) -> bool:
    """Whether a run is one of this Raven's."""
    section, row, _ = key.split("/")
    return section in ("flat", "distant") or (row.split()[0] == OURS and "6.10" not in row)


def _beside_others(results: Results) -> Iterator[Goal]:
    message, exception = (f"clients/{OURS}/{work}" for work in ("message", "exception"))
    whole = [f"clients/{peer}/exception" for peer in PEERS if sends_all(results, peer)]
    single = [f"clients/{peer}/message" for peer in PEERS if sends_singly(results, peer)]
    sentry = "clients/sentry-sdk/message"
    for name in ("p50", "p99"):
        ours, theirs = results.value(message, name), results.value(sentry, name)
        yield _most(f"call, message, {name}", "sentry-sdk", ours, theirs, 1 / 10)
    for name in ("p50", "p99"):
        fastest = min(whole, key=lambda key: results.value(key, name))
        ours, theirs = results.value(exception, name), results.value(fastest, name)
        yield _most(f"call, exception, {name}", _whole_peer(fastest), ours, theirs, 1 / 10)
    ours, theirs = results.value(message, "cpu"), results.value(sentry, "cpu")
    yield _most("CPU per delivered message", "sentry-sdk", ours, theirs, 1 / 6)
    fastest = min(whole, key=lambda key: results.value(key, "cpu"))
    ours, theirs = results.value(exception, "cpu"), results.value(fastest, "cpu")
    yield _most("CPU per delivered exception", _whole_peer(fastest), ours, theirs, 1 / 6)
    fastest = max(single, key=lambda key: results.value(key, "rate"))
    times = results.value(message, "rate") / results.value(fastest, "rate")
    against = f"{fastest.split('/')[1]}, the fastest peer that sends one request per event"
    yield Goal("events per second, message", against, "6x or more", f"{times:.1f}x", times >= 6)


def _whole_peer(key: str) -> str:
    return f"{key.split('/')[1]}, the fastest peer that sends locals and source lines"


def _parts(results: Results) -> Iterator[Goal]:
    raw, post, stages, sink = (results.parts[name] for name in PARTS)
    yield _most("one send through the default stack's sink, CPU", "raw socket, same bytes", sink, raw, 2)
    clock = [results.wall[name] for name in (PARTS[3], PARTS[0])]
    yield _most("the same, until the answer is there", "raw socket, same bytes", *clock, 2)
    yield Goal(PARTS[2], PARTS[1], "2 % or less", f"{stages / post:.1%}", stages / post <= 0.02)


def _down(results: Results) -> Iterator[Goal]:
    down, up = (results.value(f"down/{OURS}/message", name) for name in ("p99", "up p99"))
    yield _most("capture while the server is down, p99", "the same with it up", down, up, 1.5)
    exception = f"down/{OURS}/exception"
    grown = results.value(exception, "growth") - results.value(exception, "up growth")
    bound = QUEUE_SIZE * results.value(f"clients/{OURS}/exception", "plain")
    # A tenth more, for the objects that hold the bodies.
    against = f"the bodies of a full queue of exceptions, {short(bound / MIB)} MiB"
    yield _most("memory that is taken while the server is down", against, grown, bound, 1.1)


def _flat(results: Results) -> Iterator[Goal]:
    sizes = [size for size in SIZES if results.ran(f"flat/{size}/message")]
    if len(sizes) < 2:
        return
    shares = [results.value(f"flat/{size}/message", "share") for size in sizes]
    apart = max(shares) / min(shares) - 1
    names = ", ".join(f"{size:,}" for size in sizes)
    what = f"CPU per event after {names} others, beside that of a young program"
    yield Goal(what, "each other", "within 10 %", f"{apart:.1%}", apart <= 0.1)


def _transports(results: Results) -> Iterator[Goal]:
    for row in results.rows("transports"):
        client, transport = row.rsplit(" ", 1)
        pairs = [
            (f"transports/{OURS} {transport}/{work}", f"transports/{row}/{work}") for work in ("message", "exception")
        ]
        if client == OURS or not all(results.ran(key) for pair in pairs for key in pair):
            continue
        ours, theirs = max(
            ((results.value(mine, "cpu"), results.value(other, "cpu")) for mine, other in pairs),
            key=lambda both: both[0] / both[1],
        )
        yield _most(f"CPU per event, {transport}, the worse of message and exception", client, ours, theirs, 1 / 3)


def _whole(results: Results) -> Iterator[Goal]:
    key = f"clients/{OURS}/exception"
    sample = results.first(key)["sample"]
    frames = FRAMES - 1
    seen = f"{sample['locals']} and {sample['lines']}"
    yield Goal(
        "locals and source lines of frames", f"the {frames} there are", f"{frames}", seen, sends_all(results, OURS)
    )
    packed, zlib = sample["body"], sample["zlib6"]
    seen = f"{short(packed / KIB)} KiB, {packed / zlib - 1:+.0%}"
    yield Goal("packed exception", f"zlib -6, {short(zlib / KIB)} KiB", "within 15 %", seen, packed <= zlib * 1.15)
    lost = max(results.lost(key) for key in results.runs if is_ours(key) and results.ran(key))
    yield Goal("events lost, in all rows", "", "none", "none" if lost == 0 else f"{lost:.2%}", lost == 0)


def _most(what: str, against: str, ours: float, theirs: float, most: float) -> Goal:
    goal = f"1/{1 / most:.0f} or less" if most < 1 else f"{most:g}x or less"
    seen = ratio(ours, theirs) + ("" if ours < theirs else "x")
    return Goal(what, against, goal, seen, ours <= theirs * most)


def goal_table(results: Results) -> str:
    """In markdown."""
    rows = [[each.what, each.against, each.goal, each.seen, "yes" if each.met else "**no**"] for each in goals(results)]
    return table(["", "against", "goal", "seen", "met"], rows)
