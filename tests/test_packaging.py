"""What an installation brings."""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.resources import files

import pytest

import raven

pytestmark = pytest.mark.smoke
INSTALLED = distribution("raven")


def test_the_version_is_the_same_everywhere() -> None:
    assert INSTALLED.version == raven.VERSION == raven.__version__


def test_the_extras_are_those_that_are_documented() -> None:
    extras = set(INSTALLED.metadata.get_all("Provides-Extra") or ())
    assert extras == {"requests", "gevent", "eventlet", "tornado", "twisted", "socks", "all", "speed", "demo", "test"}


def test_without_extras_only_three_packages_are_installed() -> None:
    needed = [each for each in INSTALLED.requires or () if "extra ==" not in each]
    assert sorted(each.partition(">")[0] for each in needed) == ["certifi", "tenacity", "urllib3"]


def test_the_command_is_installed() -> None:
    (command,) = INSTALLED.entry_points.select(group="console_scripts", name="raven")
    assert callable(command.load())


@pytest.mark.parametrize("name", ["py.typed", "data/cacert.pem", "cli/demo_program.py"])
def test_files_that_are_not_imported_are_shipped(name: str) -> None:
    assert files("raven").joinpath(name).is_file()
