"""What a client is set up with is looked at when it is made: the argument is named, and never the value."""

from __future__ import annotations

import logging
import math
import sys
import threading
from typing import Any

import pytest

from raven import Client
from raven import arguments as check
from raven.errors import ConfigurationError, InvalidOption
from tests.test_client import DSN, Kept


class Hidden:
    """A value that nobody may see."""

    def __repr__(self) -> str:
        return "hidden"

    __str__ = __repr__


TEXT: list[Any] = [5, b"hidden", ["hidden"], Hidden(), True]
FLAG: list[Any] = [1, 0, None, "hidden", "true", [], Hidden()]
TEXTS: list[Any] = ["hidden", b"hidden", 5, None, {"hidden": 1}, ["a", 5], ["a", ""], [None], [b"hidden"], Hidden()]
FUNCTION: list[Any] = [5, "hidden", [], {}, Hidden(), True]

WRONG: dict[str, list[Any]] = {
    **dict.fromkeys(("release", "environment", "server_name"), TEXT),
    **dict.fromkeys(("install_sys_hook", "install_logging_hook", "include_local_variables", "attach_stacktrace"), FLAG),
    **dict.fromkeys(("send_default_pii", "unsafe_send_secrets", "debug"), FLAG),
    **dict.fromkeys(("in_app_include", "in_app_exclude", "sanitize_keys"), TEXTS),
    **dict.fromkeys(("before_send", "before_breadcrumb", "on_settled"), FUNCTION),
    "tags": [5, "hidden", ["hidden"], [("hidden", 1)], Hidden(), True],
    "max_breadcrumbs": [-1, 1_001, 1.0, "hidden", None, True, math.inf, Hidden()],
    "sample_rate": [-0.1, 1.1, math.nan, math.inf, -math.inf, "hidden", "0.5", None, True, 1j, Hidden()],
    "ignore_exceptions": [
        *("hidden", b"hidden", 5, None, ValueError, {"hidden": 1}),
        *([5], [""], [int], [ValueError("hidden")], [ValueError, b"hidden"], [(ValueError,)], [Hidden()]),
    ],
}  # fmt: skip


def test_every_argument_is_looked_at() -> None:
    assert Client.__init__.__kwdefaults__ is not None
    assert set(WRONG) == set(Client.__init__.__kwdefaults__)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
    ids=lambda each: each if isinstance(each, str) and each in WRONG else type(each).__name__,
)
@pytest.mark.parametrize("dsn", [DSN, ""], ids=["enabled", "disabled"])
def test_what_is_wrong_is_refused_by_the_name_of_the_argument(dsn: str, name: str, value: Any) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(InvalidOption) as raised:
        Client(dsn, Kept(), **arguments)
    said = str(raised.value)
    assert said.startswith(f"{name}: ")
    assert " accepted, not " in said
    assert "hidden" not in said.replace("Hidden", "")
    assert raised.value.__cause__ is None
    assert isinstance(raised.value, ConfigurationError)


def test_a_client_that_is_refused_has_installed_nothing() -> None:
    def installed() -> tuple[Any, ...]:
        return sys.excepthook, threading.excepthook, sys.unraisablehook, logging.getLogRecordFactory()

    before = installed()
    for name, values in WRONG.items():
        arguments: dict[str, Any] = {name: values[0]}
        with pytest.raises(InvalidOption):
            Client(DSN, Kept(), **arguments)
    assert installed() == before


RIGHT: dict[str, list[Any]] = {
    **{name: [None, "", "text", "größer"] for name in ("release", "environment", "server_name")},
    "tags": [None, {}, {"a": 1}],
    "max_breadcrumbs": [0, 1, 1_000],
    "sample_rate": [0, 1, 0.0, 0.5, 1.0],
    "before_send": [None, lambda event, hint: event, print],
    "ignore_exceptions": [(), [], [ValueError, "KeyError"], {KeyboardInterrupt}, iter([ValueError]), ["shop.*"]],
    **{name: [(), ["a"], {"a"}, iter("ab")] for name in ("in_app_include", "in_app_exclude", "sanitize_keys")},
    **{name: [False] for name in ("debug", "send_default_pii", "install_sys_hook")},
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_what_is_right_is_taken(name: str, value: Any) -> None:
    arguments: dict[str, Any] = {name: value}
    with Client(DSN, Kept(), **arguments) as client:
        assert client.enabled


def test_text_is_taken_from_a_variable_only_if_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "  variable ")
    assert check.text("shop", None, "SHOP") == "variable"
    assert check.text("shop", "", "SHOP") is None
    assert check.text("shop", "given", "SHOP") == "given"
    monkeypatch.setenv("SHOP", "   ")
    assert check.text("shop", None, "SHOP") is None
    assert check.text("shop", None) is None


def test_a_mapping_is_copied() -> None:
    given: dict[str, object] = {"a": 1}
    taken = check.mapping("tags", given)
    given["b"] = 2
    assert taken == {"a": 1}
    assert check.mapping("tags", None) == {}
