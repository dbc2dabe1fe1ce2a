"""A counting server, and programs that are sure to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.program import Program

Start = Callable[..., Program]


@pytest.fixture
def server() -> Iterator[CountingServer]:
    """A server that answers 200, at once unless told otherwise."""
    with CountingServer() as running:
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(source, dsn)` starts a Python program, which is killed at the end of the test if it has not ended."""
    programs: list[Program] = []

    def start_program(source: str, dsn: str, *, stderr: bool = True, first: str = "") -> Program:
        program = Program(source, dsn, tmp_path, stderr=stderr, name=f"program{len(programs)}", first=first)
        programs.append(program)
        return program

    yield start_program
    for program in programs:
        program.kill()
