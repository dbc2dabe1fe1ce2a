"""A folder, and files in it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from raven.own_log import Sparingly
from raven.spool import folder as folders
from raven.spool.store import Store

LOG = Sparingly(logging.getLogger("raven.delivery"))
PROJECT = "0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(folders.secured(str(tmp_path / "spool")))


@pytest.fixture
def path(folder: Path) -> Path:
    """Where a file of one's own is to be."""
    path = folder / folders.new_name(PROJECT)
    folders.create(str(path))
    return path


@pytest.fixture
def store(path: Path) -> Store:
    return Store(str(path), new=True)
