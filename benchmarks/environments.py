"""The environments of the clients: each has a virtual environment of its own, in a cache folder.

It is made once; whatever it is to have is in its name, so that another version of `setup.py` gets another one. The newest
versions are installed, except of raven-python 6.10.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "raven-benchmarks"

HERE = str(ROOT)
PACKAGES: dict[str, list[str]] = {
    "raven": [f"{HERE}[speed]"],
    "raven bare": [HERE],
    "raven transports": [f"{HERE}[all,speed]", "pytest>=8.3", "pytest-benchmark>=5", "pytest-timeout>=2.3"],
    "raven 6.10": ["raven==6.10.0"],
    "raven 6.10 transports": ["raven==6.10.0", "requests", "gevent", "eventlet", "tornado", "twisted"],
    "sentry-sdk": ["sentry-sdk>=2,<3"],
    "bugsnag": ["bugsnag"],
    "rollbar": ["rollbar"],
    "elastic-apm": ["elastic-apm"],
    "opentelemetry": ["opentelemetry-exporter-otlp-proto-http"],
}
"""What is installed, by the name of the environment."""


made: dict[str, str] = {}
"""The interpreters of those that are known to be there."""


def interpreter(name: str) -> str:
    """The Python of an environment, which is made if it isn't there."""
    if name not in made:
        made[name] = _interpreter(name)
    return made[name]


def _interpreter(name: str) -> str:
    packages = PACKAGES[name]
    told = [sys.version, *packages]
    if packages[0].startswith(HERE):
        told.append((ROOT / "setup.py").read_text(encoding="utf-8"))
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]
    folder = CACHE / f"{name.replace(' ', '-')}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"installing {' '.join(packages)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        install(folder, *packages)
        (folder / "complete").touch()
    return str(python)


def install(folder: Path, *packages: str) -> str:
    """Make an environment with these packages; returns its interpreter."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def variables(name: str) -> dict[str, str]:
    """The environment variables that a program in that environment gets: nothing that changes what a client does."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "PATH") if key in os.environ}
    # This checkout's own code, and not the copy that was installed with what it depends on.
    return {**kept, "PYTHONPATH": HERE} if PACKAGES[name][0].startswith(HERE) else kept
