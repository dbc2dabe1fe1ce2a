"""The README does what it says: its Python runs, its tables are complete."""

from __future__ import annotations

import logging
import re
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from raven import Client
from raven.options import options_of
from raven.testing.conformance.table import COLUMNS
from raven.testing.conformance.transports import TRANSPORTS
from raven.testing.kent import Kent
from raven.transport.threaded import ThreadedHTTPTransport

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLE_DSN = "https://public@sentry.example/1"


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", TEXT, re.S)


def test_every_python_example_runs_and_delivers_to_a_real_server(kent: Kent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", kent.dsn)
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers.copy())
    names: dict[str, Any] = {}  # they go on from block to block, as for a reader
    for block in python_blocks():
        names["client"] = Client()
        exec(compile(block.replace(EXAMPLE_DSN, kent.dsn), str(README), "exec"), names)
        with names["client"] as client:
            client.capture_message("from the README")
        assert client.stats().delivered == client.stats().accepted >= 1
    for name in [name for name in names if name.startswith("test_")]:
        names[name]()


def test_the_table_of_options_has_each_option_with_its_default() -> None:
    stack = ThreadedHTTPTransport()
    table = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", TEXT, re.M))
    for part in (*stack.stages, stack.sink):
        for name in options_of(type(part)):
            assert name in table, f"the README's table of options lacks {name}"
            assert table[name] == as_text(name, getattr(part, name))


def test_the_table_of_arguments_has_each_argument_of_the_client() -> None:
    table = TEXT[TEXT.index("| argument of `Client` |") :].split("\n\n", 1)[0]
    first_cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    assert re.findall(r"`(\w+)`", "".join(first_cells)) == list(signature(Client).parameters)


def test_the_table_of_transports_has_each_and_where_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(raven\.transport\.\w+)` \|", TEXT, re.M)
    assert sorted(rows) == sorted((each.__name__, each.__module__) for each in TRANSPORTS)


def test_the_table_of_guarantees_has_each_transport_and_no_failure() -> None:
    table = TEXT[TEXT.index("| transport | Bugsink and Kent |") :].split("\n\n", 1)[0]
    head, _, *rows = table.splitlines()
    assert [cell.strip() for cell in head.split("|")[2:-1]] == list(COLUMNS.values())
    assert [row.split("|")[1].strip(" `") for row in rows] == [each.__name__ for each in TRANSPORTS]
    assert "fail" not in table


def test_the_programs_that_it_links_to_are_there() -> None:
    for name in re.findall(r"\]\(([\w./]+)\)", TEXT):
        assert (README.parent / name).exists(), name


def as_text(name: str, default: object) -> str:
    if name == "ca_certs":
        return "certifi's"
    if isinstance(default, frozenset):
        return ",".join(map(str, sorted(default)))
    if isinstance(default, bool):
        return str(int(default))
    return "none" if default is None else f"{default:g}" if isinstance(default, float) else str(default)
