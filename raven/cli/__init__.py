"""The command `raven`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from .._version import VERSION
from . import spool


class _Parser(argparse.ArgumentParser):
    """A parser that doesn't repeat a DSN when it complains."""

    def error(self, message: str) -> NoReturn:
        super().error(re.sub(r"""[^\s'"=]*://[^\s'"]*""", "***", message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line (None: the process's own). Returns the exit code; 2 means that the line is wrong."""
    parser = _Parser(prog="raven", description="Capture errors and deliver them to a Sentry-compatible server.")
    parser.add_argument("--version", action="version", version=f"raven {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    test = commands.add_parser("test", help="send a message and an exception, and say step by step how it goes")
    test.add_argument("dsn", nargs="?", metavar="DSN", help="the project's address (default: $SENTRY_DSN)")
    demo = commands.add_parser(
        "demo", help="start a real server on this machine, run a broken program, show what the server got"
    )
    demo.add_argument(
        "--keep", action="store_true", help="leave the server running until Ctrl-C, to look at it in a browser"
    )
    spool.add_to(commands)
    options = parser.parse_args(arguments)
    if options.command == "spool":
        return spool.run(options)
    if options.command == "test":
        from . import test as command

        return command.run(options.dsn)
    from . import demo as demo_command

    return demo_command.run(options.keep)
