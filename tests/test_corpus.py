"""Small broken programs, each in a process of its own, and what a real Bugsink gets from them. See `tests.corpus`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from raven.testing.bugsink import Bugsink
from tests.corpus.harness import RAVEN_OPTIONS, Event, Program, Stored, misses, programs, run_all, text_of
from tests.corpus.normal import comparable, dumped, normal

PROGRAMS = programs()
Sent = Callable[[Program], list[Event]]


@pytest.fixture(scope="session")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus").resolve()


@pytest.fixture(scope="session")
def sent(request: pytest.FixtureRequest, bugsink: Bugsink, temporary: Path) -> Sent:
    """A function that returns a program's events. All programs that are to be tested run side by side meanwhile."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    parameters = [item.callspec.params for item in items if hasattr(item, "callspec")]
    wanted = {each["program"] for each in parameters if isinstance(each.get("program"), Program)}
    stored = Stored(bugsink)
    ordered = [program for program in PROGRAMS if program in wanted and program.can_run]
    runs = run_all(ordered, "raven", bugsink.dsn + RAVEN_OPTIONS, temporary)

    def events_of(program: Program) -> list[Event]:
        run = runs[program].result()
        events = stored.of(run)
        if len(events) != program.events:
            print(run.output)
        return events

    return events_of


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_event_is_what_a_person_needs(program: Program, sent: Sent, temporary: Path) -> None:
    if not program.can_run:
        pytest.skip("it is for newer Pythons")
    events = sent(program)
    assert misses(program, events) == []
    assert "# shows:" not in text_of(events), "the header is among the lines around a frame: the facts prove nothing"
    if not program.has_golden:
        return
    golden = comparable(json.loads(program.golden.read_text(encoding="utf-8")))
    now = comparable([normal(event, temporary) for event in events])
    if now != golden:
        pytest.fail(_difference(dumped(golden), dumped(now)), pytrace=False)


def test_no_golden_file_is_left_over() -> None:
    expected = {program.golden for program in PROGRAMS if program.has_golden}
    assert {*PROGRAMS[0].golden.parent.iterdir()} == expected


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_header_says_what_the_program_does_not(program: Program) -> None:
    """A docstring is a value in its module: it must not prove a fact."""
    docstring = program.path.read_text(encoding="utf-8").split('"""')[1]
    assert [text for text in (*program.shows, *program.hides) if text in docstring] == []
    assert program.trait


def _difference(golden: str, now: str) -> str:
    lines = difflib.unified_diff(golden.splitlines(), now.splitlines(), "golden", "now", lineterm="", n=2)
    return "the event has changed (on purpose? python -m tests.corpus.accept)\n" + "\n".join(lines)
