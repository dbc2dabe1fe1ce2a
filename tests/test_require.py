"""A package that is not installed is known before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import raven.require
from raven.errors import MissingDependency
from raven.require import import_optional, optional, require


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


# What only makes Raven faster


def test_what_is_installed_is_there_once_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raven.require, "_found", {})
    assert optional("orjson") is None
    import_optional.__wrapped__()
    assert optional("orjson").dumps(1) == b"1"
    assert optional("isal.isal_zlib").compress(b"1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules, of which `first_module` is wanted, and then `second_module`."""
    monkeypatch.setattr(raven.require, "_found", {})
    monkeypatch.setattr(raven.require, "_FASTER", {"first_module": ("needed_module",), "second_module": ()})
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("needed_module", "first_module", "second_module"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text("import sys\nassert __name__[0] != 'f' or 'needed_module' in sys.modules")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_what_one_needs_is_imported_before_it() -> None:
    import_optional.__wrapped__()
    assert optional("first_module").__name__ == "first_module"


@pytest.mark.parametrize("name", ["first_module", "needed_module"])
@pytest.mark.parametrize(
    "fault", ["import nosuchmodule", "1 / 0", "no Python", "raise OSError(24, 'EMFILE')", "raise RecursionError"]
)
def test_one_that_can_not_be_imported_is_left_out(folder: Path, name: str, fault: str) -> None:
    (folder / f"{name}.py").write_text(fault)
    import_optional.__wrapped__()
    assert optional("first_module") is None
    assert optional("second_module") is not None


def test_they_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import_optional()
    monkeypatch.setattr(raven.require, "_found", {})
    import_optional()
    assert optional("orjson") is None


@pytest.mark.parametrize("missing", ["dataclasses", "datetime", "enum", "json", "uuid"])
def test_orjson_is_not_imported_where_it_would_crash(missing: str) -> None:
    code = f"""
import sys
from raven.require import import_optional, optional

class Refusing:
    def find_spec(self, name, path, target=None):
        if name == {missing!r}:
            raise OSError(24, "Too many open files")

known = {missing!r} in sys.modules
sys.meta_path.insert(0, Refusing())
import_optional()
print(known or optional("orjson") is None)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "True\n")


def test_a_capture_imports_nothing() -> None:
    code = """
import sys
from raven import Client, Stack
from raven.pipeline import Serialize
from raven.testing import MemorySink

sink = MemorySink()
client = Client("http://key@sentry.example/1", Stack(Serialize(), sink=sink))
before = set(sys.modules)
try:
    1 / 0
except ZeroDivisionError:
    client.capture_exception()
client.capture_message("%s", params=(sys,))
print(set(sys.modules) - before, len(sink.requests))
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60) == "set() 2\n"


@pytest.mark.parametrize("stage", ["Compress()", "Compress(encoding='none')"])
def test_the_first_delivery_brings_them(stage: str) -> None:
    code = f"""
from raven.pipeline import Compress
from raven.require import optional
from raven.testing import StageDriver

driver = StageDriver({stage})
assert optional("orjson") is None
driver.send(body=b"")
print(optional("orjson").__name__, optional("isal.isal_zlib").__name__)
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60) == "orjson isal.isal_zlib\n"
