"""Writes golden files anew, when the events have changed on purpose.

    python -m tests.corpus.accept [NAME ...]

runs the programs of these names (by default all) and makes their events, as they are now, what they have to be from now
on. It refuses those that do not show what they must, or show what they must not. Then read what `git diff` says of
`tests/corpus/golden`, as you would read code.

It runs on Python 3.11 only: columns differ from one Python to the next.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from raven.testing.bugsink import Bugsink

from .harness import RAVEN_OPTIONS, Stored, misses, programs, run_all
from .normal import WRITTEN_BY, dumped, normal


def main(names: list[str]) -> int:
    if sys.version_info[:2] != WRITTEN_BY:
        raise SystemExit(f"Python {'.'.join(map(str, WRITTEN_BY))} is needed")
    refused = 0
    with Bugsink() as bugsink, tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder).resolve()
        stored = Stored(bugsink)
        wanted = [program for program in programs(names) if program.has_golden and program.can_run]
        for program, run in run_all(wanted, "raven", bugsink.dsn + RAVEN_OPTIONS, temporary).items():
            events = stored.of(run.result())
            wrong = misses(program, events)
            if wrong:
                refused += 1
                print(f"{program.name}: {'; '.join(wrong)}")
                continue
            text = dumped([normal(event, temporary) for event in events])
            if not program.golden.exists() or program.golden.read_text(encoding="utf-8") != text:
                program.golden.write_text(text, encoding="utf-8")
                print(f"{program.name}: written")
    return int(refused > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
