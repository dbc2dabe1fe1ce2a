"""A secret is shown to nobody who does not ask for it."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from raven.secret import Secret

KEY = "hiddenkey"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r:>10}".format, lambda it: f"{[it]} {(it,)}", ascii])
def test_it_shows_asterisks(show: Callable[[object], str]) -> None:
    shown = show(Secret(KEY))
    assert "***" in shown
    assert KEY not in shown


def test_only_reveal_gives_it_away() -> None:
    assert Secret(KEY).reveal() == KEY
    assert not hasattr(Secret(KEY), "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_can_not_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="a secret can't be pickled") as raised:
        pickle.dumps([Secret(KEY)], protocol)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, json.dumps])
def test_it_can_not_be_copied_or_turned_into_json(make: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as raised:
        make(Secret(KEY))
    assert KEY not in str(raised.value)


def test_equal_secrets_are_equal_and_nothing_else_is() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert hash(Secret(KEY)) == hash(Secret(KEY))
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY), Secret("other")}) == 2


def test_it_is_its_own_copy_for_nobody_who_formats_it_as_a_number() -> None:
    with pytest.raises(TypeError):
        format(Secret(KEY), "d")
