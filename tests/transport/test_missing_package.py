"""A transport whose package isn't installed says what to install, as soon as it is imported."""

from __future__ import annotations

import importlib
import sys

import pytest

from raven.errors import MissingDependency

NEEDED = {
    "raven.transport.requests": "requests",
    "raven.transport.threaded_requests": "requests",
    "raven.transport.gevent": "gevent",
    "raven.transport.eventlet": "eventlet",
    "raven.transport.twisted": "twisted",
}


@pytest.mark.parametrize(("module", "package"), NEEDED.items())
def test_the_error_names_the_extra(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each == module or each.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ImportError, match=rf"needs the package {package}: pip install \"raven\[{package}\]\""
    ) as raised:
        importlib.import_module(module)
    assert type(raised.value) is MissingDependency


@pytest.mark.parametrize("module", ["raven.transport.tornado", "raven.transport.asyncio"])
def test_asyncio_needs_none(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each == module or each.split(".")[0] == "tornado"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tornado", None)
    importlib.import_module(module)
