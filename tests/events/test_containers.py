"""What a name tells to be a secret is hidden, in whatever it stands."""

from __future__ import annotations

import pytest

from raven.events.scrub import FILTERED, Scrubber
from raven.events.values import Simplifier
from raven.events.variables import variables

from .checks import (
    HIDING,
    check,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "hunter2"}, {"password": FILTERED}),
        ({"password": 5, "token": 0.5}, {"password": FILTERED, "token": FILTERED}),
        ({"password": None, "session": True}, {"password": None, "session": True}),
        ({"password": ["hunter2", {"a": 1}]}, {"password": FILTERED}),
        ({b"password": b"hunter2"}, {"b'password'": FILTERED}),
        ({("user", "password"): "hunter2"}, {"['user', 'password']": FILTERED}),
        ({"X-Api-Key": "hunter2", "Host": "x"}, {"X-Api-Key": FILTERED, "Host": "x"}),
        ([("X-Api-Key", "hunter2"), ("Host", "x")], [["X-Api-Key", FILTERED], ["Host", "x"]]),
        ([(b"cookie", b"hunter2")], [["b'cookie'", FILTERED]]),
        ([["authorization", 5], ["authorization", None]], [["authorization", FILTERED], ["authorization", None]]),
        (("token", ["hunter2"]), ["token", FILTERED]),
        (["run", "--password", "hunter2", "x"], ["run", "--password", FILTERED, "x"]),
        (["run", "-token", "hunter2", "x"], ["run", "-token", FILTERED, "x"]),
        (["run", "--password=hunter2", "x"], ["run", f"--password={FILTERED}", "x"]),
        ([b"--password", b"hunter2"], ["b'--password'", FILTERED]),
        (["id", "password", "name"], ["id", "password", "name"]),
        (["--user", "password"], ["--user", "password"]),
        ({"redis://u:hunter2@h": 1}, {f"redis://{FILTERED}@h": 1}),
        ({"password=hunter2": 1}, {f"password={FILTERED}": FILTERED}),
        ({"a" * 90 + "_password": "hunter2"}, {"a" * 90 + "_password": FILTERED}),
        ({"4111111111111111": 1}, {FILTERED: 1}),
    ],
    ids=repr,
)
def test_what_a_name_tells_to_be_secret_is_hidden(value: object, shown: object) -> None:
    for _ in range(2):  # the names are remembered then
        assert HIDING.simplify(value, length=60) == shown
    assert "unter2" not in str(variables([("a", value)], 50, HIDING))


def test_a_container_that_changes_while_it_is_looked_at_is_not_followed() -> None:
    changing: dict[int, object] = {}

    class Grower:
        def __repr__(self) -> str:
            changing[len(changing)] = self
            return "grower"

    changing.update({0: Grower(), 1: Grower()})
    assert check([changing]) == ["<dict that was being changed>"]


@pytest.mark.parametrize("text", ["mysql --password hunter2 x", "Bearer sk-hunter2hunter2hunter2"])
def test_a_text_that_was_met_as_a_name_is_searched_when_it_is_a_key(text: str) -> None:
    simplifier = Simplifier(Scrubber())
    shown = simplifier.simplify([[text, 5], {text: None}])
    assert "unter2" not in str(shown[1])
    assert shown[1] == simplifier.simplify({text: None})


def test_a_key_of_a_service_that_is_the_key_of_a_dict_is_hidden() -> None:
    for key in ("sk_live_hunter2abcd", "AKIAABCDEFGHIJKLMNOP"):
        assert HIDING.simplify({key: 1}) == {FILTERED: 1}
        assert variables([("users", {key: 1})], 5, HIDING) == {"users": {FILTERED: 1}}


def test_each_value_counts_and_what_holds_others_does_too() -> None:
    simplifier = Simplifier(nodes=20)
    assert simplifier.simplify({"a": [1], "b": {"c": None}}) == {"a": [1], "b": {"c": None}}
    assert simplifier.nodes == 13
