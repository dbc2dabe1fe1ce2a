"""Other libraries to compare with, each in a virtual environment of its own."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path


def install(folder: Path, *packages: str) -> str:
    """Make an environment with these packages; returns its interpreter."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python
