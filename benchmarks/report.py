"""The tables of what was measured, in markdown."""

from __future__ import annotations

from collections.abc import Iterator

from figures import KIB, MIB, MICRO, MILLI, Results, ratio, short, table
from goals import ENOUGH, OURS, goal_table, sends_singly
from plan import CONCURRENCY, DISTANT, LATENCY, PEERS, SIZES
from work import FRAMES

PARTS = ("p50, us", "CPU, us", "6.10's CPU, us", "ratio")
HOW = "Printed by `python benchmarks/run.py`. The docstrings there, in `program.py` and `server.py` say how it is measured."
WHAT = """\
`call` is the time that a capture takes in the program's thread. CPU is that of the whole process, for each event that was
delivered. Memory is what the process took at most, less what it had before it imported the client. In brackets: the least
and the greatest of the rounds."""
TITLES = {"raven": "Raven{}", "raven bare": "Raven{}, no extras"}


def report(results: Results) -> str:
    """All of it, as a page."""
    return "\n\n".join(_parts(results)) + "\n"


def described(results: Results) -> str:
    """Where it was measured, and how often."""
    return f"{results.machine}; " + (f"median of {results.rounds} rounds" if results.rounds > 1 else "one round")


def title(results: Results, row: str) -> str:
    """A client's name and version."""
    key = f"clients/{row}/message"
    version = f" {results.first(key)['version']}" if results.ran(key) else ""
    if row in TITLES:
        return TITLES[row].format(version)
    return row if row == "raw sockets" or version.strip().startswith(row.split()[-1]) else f"{row}{version}"


def marks(results: Results, row: str, work: str) -> str:
    """What is to be known of a row, all of it as the server saw it."""
    key = f"clients/{row}/{work}"
    if not results.ran(key):
        return results.failure(key)
    said = []
    requests = results.value(key, "events_per_request")
    if requests > 1.5:
        said.append(f"{requests:.0f} events in a request")
    sample = results.first(key)["sample"]
    if work == "exception" and row != "raw sockets":
        said += [
            f"no {name}" for name, share in (("locals", "locals"), ("source lines", "lines")) if sample[share] < ENOUGH
        ]
    lost = results.lost(key)
    if lost:
        said.append(f"**lost {lost:.1%}**")
    if results.value(key, "repeated"):
        said.append(f"{results.value(key, 'repeated'):.0f} came twice")
    return ", ".join(said)


def client_table(results: Results, work: str) -> str:
    """What it costs to capture and deliver one kind of event, by client."""
    rows = []
    for row in results.rows("clients"):
        key = f"clients/{row}/{work}"
        cells = [
            results.text(key, name, unit)
            for name, unit in (
                ("p50", MICRO),
                ("p99", MICRO),
                ("cpu", MICRO),
                ("rate", 1.0),
                ("wire", KIB),
                ("plain", KIB),
                ("peak", MIB),
            )
        ]
        rows.append([title(results, row), *cells, marks(results, row, work)])
    head = ["client", "call p50, us", "p99, us", "CPU, us", "events/s", "sent, KiB", "unpacked, KiB", "memory, MiB", ""]
    return table(head, rows)


def _parts(results: Results) -> Iterator[str]:
    yield "# How fast Raven is, beside other clients"
    yield f"{HOW}\n{described(results)}."
    yield "## Goals\n\n" + goal_table(results)
    if results.rows("clients"):
        yield "## Messages\n\n" + WHAT
        yield client_table(results, "message")
        yield f"## Exceptions of {FRAMES} frames\n\n" + client_table(results, "exception")
        yield _server(results)
    if results.rows("start"):
        rows = [
            [title(results, row), *(results.text(f"start/{row}/message", name, MILLI) for name in ("ready", "first"))]
            for row in results.rows("start")
        ]
        yield "## Start\n\nNet of the interpreter's own.\n\n" + table(
            ["client", "imported and made ready, ms", "the server has the first message, ms"], rows
        )
    if results.rows("down"):
        yield "## While the server is down\n\n" + _down(results)
    if results.rows("transports"):
        yield "## Transports, beside those of raven 6.10 with the same name\n\n" + _transports(results)
    if results.rows("distant"):
        yield f"## {DISTANT:,} messages to a server {LATENCY * 1e3:.0f} ms away\n\n" + _distant(results)
    if results.rows("flat"):
        rows = [
            [
                f"{size:,}",
                *(results.text(f"flat/{size}/message", name, MICRO) for name in ("cpu", "young")),
                results.text(f"flat/{size}/message", "share"),
            ]
            for size in SIZES
            if results.ran(f"flat/{size}/message")
        ]
        yield "## Many messages\n\n" + table(
            ["after so many", "CPU per event, us", "a young program's, us", "of that"], rows
        )
    if results.parts:
        rows = [
            [name, short(seconds / MICRO), short(results.wall[name] / MICRO) if name in results.wall else ""]
            for name, seconds in sorted(results.parts.items(), key=lambda part: part[1])
        ]
        yield "## Parts\n\nFrom `benchmarks/micro`: one call each, with 2 KB or an exception's event.\n\n" + table(
            ["", "CPU, us", "until it is done, us"], rows
        )


def _server(results: Results) -> str:
    raw = "clients/raw sockets/message"
    single = [row for row in (OURS, *PEERS) if sends_singly(results, row)]
    if not results.ran(raw) or not single:
        return ""
    fastest = max(single, key=lambda row: results.value(f"clients/{row}/message", "rate"))
    rate = results.value(f"clients/{fastest}/message", "rate")
    return (
        f"The server is not what is measured: raw sockets get {results.text(raw, 'rate')} answers a second from it, "
        f"{results.value(raw, 'rate') / rate:.1f} times\nwhat the fastest client gets that makes a request for each event "
        f"({fastest}). It spends {results.text(raw, 'server_cpu', MICRO)} us of CPU time on a request."
    )


def _down(results: Results) -> str:
    rows = []
    for row in results.rows("down"):
        for work in ("message", "exception"):
            key = f"down/{row}/{work}"
            if key in results.runs:
                names = ("up p50", "up p99", "p50", "p99")
                cells = [results.text(key, name, MICRO) for name in names]
                grown = (results.text(key, name, MIB) for name in ("up growth", "growth"))
                rows.append([title(results, row), work, *cells, *grown])
    head = ["client", "", "up: p50, us", "p99, us", "down: p50, us", "p99, us", "up: memory grows, MiB", "down: MiB"]
    return table(head, rows)


def _transports(results: Results) -> str:
    rows = []
    for row in results.rows("transports"):
        client, name = row.rsplit(" ", 1)
        if client != OURS:
            continue
        cells = [name]
        for work in ("message", "exception"):
            ours, theirs = (f"transports/{each} {name}/{work}" for each in (OURS, "raven 6.10"))
            cells += [results.text(ours, figure, MICRO) for figure in ("p50", "cpu")]
            if results.ran(theirs):
                share = ratio(results.value(ours, "cpu"), results.value(theirs, "cpu")) if results.ran(ours) else "-"
                cells += [results.text(theirs, "cpu", MICRO), share + _lost(results, theirs)]
            else:
                cells += [f"dead: {results.failure(theirs)}" if theirs in results.runs else "has none", ""]
        rows.append(cells)
    kinds = [f"{work}: {part}" for work in ("message", "exception") for part in PARTS]
    return table(["transport", *kinds], rows)


def _lost(results: Results, key: str) -> str:
    lost = results.lost(key)
    return f" (it lost {lost:.1%})" if lost else ""


def _distant(results: Results) -> str:
    rows = []
    for row in results.rows("distant"):
        key = f"distant/{row}/message"
        share = results.failure(key)
        if results.ran(key):
            share = ratio(results.value(key, "seconds"), results.value(key, "delivered") * LATENCY / CONCURRENCY)
        rows.append([row, results.text(key, "seconds"), share, results.text(key, "cpu", MICRO)])
    least = short(DISTANT * LATENCY / CONCURRENCY)
    said = f"With {CONCURRENCY} at a time, which is the default, they take {least} s at least."
    return f"{said}\n\n" + table(["transport", "seconds", "of the least", "CPU per event, us"], rows)


def summary(results: Results) -> str:
    """The few figures that the README has: our rows and the others', message and exception."""
    rows = []
    for row in results.rows("clients"):
        keys = [f"clients/{row}/{work}" for work in ("message", "exception")]
        if row == "raw sockets" or not all(results.ran(key) for key in keys):
            continue
        cells = [
            " / ".join(short(results.value(key, name) / unit) for key in keys)
            for name, unit in (("p50", MICRO), ("p99", MICRO), ("cpu", MICRO), ("rate", 1.0), ("wire", KIB))
        ]
        rows.append([title(results, row), *cells, marks(results, row, "exception")])
    head = ["message / exception", "call p50, us", "p99, us", "CPU, us", "events/s", "sent, KiB", ""]
    return table(head, rows)
