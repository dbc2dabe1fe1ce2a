"""Secrets are written into a program in ways other than `name = value`, next to the line that fails."""

# trait: secrets in source, assigned to items and annotated names
# shows: type=ConnectionError
# shows: value=vault 2 is sealed
# shows: os.environ["BAKERY_API_KEY"] =
# shows: number=2
# hides: sub-script-1
# hides: anno-tated-2
# hides: set-default-3
# hides: conn-string-4

import os


def open_vault(number):
    os.environ["BAKERY_API_KEY"] = "sub-script-1"
    os.environ.setdefault("PGPASSWORD", "set-default-3")
    password: str = "anno-tated-2"
    target = "host=db-1 user=shop password=conn-string-4"
    if password and target:
        raise ConnectionError(f"vault {number} is sealed")


open_vault(1 + 1)
