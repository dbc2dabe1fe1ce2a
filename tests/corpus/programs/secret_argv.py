"""A backup is started with a command line that has passwords in it, and fails."""

# trait: secrets in a command line
# shows: type=CalledProcessError
# shows: returned non-zero exit status 3
# shows: --host
# shows: db-4
# hides: orange-peel-1
# hides: lemon-zest-2

import subprocess
import sys


def arguments():
    """The options of the backup."""
    return ["--host", "db-4", "--password", "orange-peel-1", "--token=lemon-zest-2"]


def program():
    """What makes the backup."""
    return [sys.executable, "-S", "-c", "raise SystemExit(3)"]


def backup():
    command = program() + arguments()
    subprocess.run(command, check=True)


backup()
