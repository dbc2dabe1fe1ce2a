"""A package that is not installed is known before it is needed."""

from __future__ import annotations

import json.encoder
import sys

import pytest

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


def test_an_optional_module_is_none_if_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert optional("json.encoder") is json.encoder
    assert optional("nosuchpackage.module") is None
    monkeypatch.setitem(sys.modules, "json.encoder", None)
    assert optional("json.encoder") is None
