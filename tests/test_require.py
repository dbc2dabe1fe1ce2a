"""A package that is not installed is known before it is needed."""

from __future__ import annotations

import importlib
import json.encoder
import sys
from pathlib import Path

import pytest

import raven.require
from raven.errors import MissingDependency
from raven.require import optional, require


def test_one_that_is_there_is_not_imported() -> None:
    sys.modules.pop("antigravity", None)
    require("antigravity", "antigravity", "this test", "none")
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("module", ["nosuchmodule", "nosuchpackage.module", "put_in_place_by_hand", "blocked"])
def test_one_that_is_not_there_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blocked", None)
    monkeypatch.setitem(sys.modules, "put_in_place_by_hand", type(sys)("put_in_place_by_hand"))
    with pytest.raises(MissingDependency, match=r'^this test needs the package Name: pip install "raven\[extra\]"$'):
        require(module, "Name", "this test", "extra")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules, of which nothing is known yet."""
    monkeypatch.setattr(raven.require, "_optional", {})
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_an_optional_module_is_none_if_it_is_not_installed() -> None:
    assert optional("json.encoder") is json.encoder
    assert optional("nosuchpackage.module") is None


@pytest.mark.parametrize("fault", ["import nosuchmodule", "raise ValueError", "1 / 0", "no Python"])
def test_one_that_is_broken_is_none_and_is_not_tried_again(folder: Path, fault: str) -> None:
    (folder / "broken_module.py").write_text(fault)
    assert optional("broken_module") is None
    (folder / "broken_module.py").write_text("")
    importlib.invalidate_caches()
    assert optional("broken_module") is None


def test_one_that_can_not_be_read_just_now_is_tried_again(folder: Path) -> None:
    (folder / "busy_module.py").write_text("raise OSError(24, 'Too many open files')")
    assert optional("busy_module") is None
    (folder / "busy_module.py").write_text("found = 1")
    importlib.invalidate_caches()
    assert optional("busy_module").found == 1
