"""A backup is started through the shell, with its command as one text, and fails."""

# trait: secrets in a command line that is one text
# shows: type=CalledProcessError
# shows: returned non-zero exit status 3
# shows: --host db-4
# hides: orange-peel-1
# hides: lemon-zest-2

import subprocess


def options():
    """The options of the backup."""
    return "--host db-4 --user shop --password orange-peel-1 --api-key 'lemon-zest-2'"


def backup():
    command = f"exit 3; backup {options()}"
    subprocess.run(command, shell=True, check=True)


backup()
