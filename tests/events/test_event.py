"""The parts that an event is made of."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

import raven
from raven.events import event as events
from raven.events.event import LEVELS, LONGEST_MESSAGE, base_event, message_part, new_event_id, tags_part
from raven.events.values import Simplifier


class Bad:
    def refuse(self, *arguments: object) -> NoReturn:
        raise SystemExit

    __repr__ = __str__ = __len__ = __format__ = __int__ = __getattr__ = refuse


def test_an_id_is_32_hexadecimal_digits_and_new_each_time() -> None:
    ids = {new_event_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch("[0-9a-f]{32}", each) and uuid.UUID(each).version == 4 for each in ids)


def test_a_forked_process_has_other_ids_than_its_parent() -> None:
    program = """if True:
        import os, types
        from raven.events import event
        event.time = types.SimpleNamespace(time_ns=lambda: 0)  # not because of the clock
        event.new_event_id()
        child = os.fork()
        os.write(1, f"{event.new_event_id()} ".encode())  # at once, for both write
        if child:
            os.waitpid(child, 0)
    """
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert len(set(ran.stdout.split())) == 2


def test_a_copy_of_a_virtual_machine_has_other_ids() -> None:
    new_event_id()
    numbers = events._numbers[os.getpid()]
    state = numbers.getstate()
    before = new_event_id()
    numbers.setstate(state)
    assert new_event_id() != before


def test_every_event_has_an_id_a_time_a_platform_and_a_client() -> None:
    before = datetime.now(timezone.utc)
    event = base_event()
    moment = datetime.fromisoformat(event.pop("timestamp").replace("Z", "+00:00"))
    assert before <= moment <= datetime.now(timezone.utc)
    assert moment.utcoffset() == timedelta(0)
    assert re.fullmatch("[0-9a-f]{32}", event.pop("event_id"))
    assert event == {"platform": "python", "sdk": {"name": "raven", "version": raven.VERSION}}


def test_parts_are_added_unless_they_are_none() -> None:
    event = base_event(level="info", release=None, server_name="", environment="prod")
    assert event["level"] == "info"
    assert event["server_name"] == ""
    assert event["environment"] == "prod"
    assert "release" not in event


def test_levels_are_those_of_the_payload() -> None:
    assert LEVELS == ("debug", "info", "warning", "error", "fatal")


@pytest.mark.parametrize(
    ("message", "params", "formatted"),
    [
        ("plain", (), "plain"),
        ("100 %", (), "100 %"),
        ("%s", (), "%s"),
        ("%s of %d", ("a", 2), "a of 2"),
        ("%s", ({"a": 1},), "{'a': 1}"),
        ("%r", ("text",), "'text'"),
        ("%.1f %%", (1.25,), "1.2 %"),
        ("%s %s", ("too few",), "%s %s"),
        ("%s", ("too", "many"), "%s"),
        ("%d", ("no number",), "%d"),
        ("%q", (1,), "%q"),
        ("%", (1,), "%"),
        ("%c", (-1,), "%c"),
        ("%c", (0xD800,), "\\ud800"),
        ("%s", (Bad(),), "<Bad whose str raised SystemExit>"),
        ("%s", (float("nan"),), "nan"),
        ("%d", (10**400,), str(10**400)),
        ("%d", (10**5_000,), "%d"),
        ("%s in %r", (PurePosixPath("/a"), "b"), "/a in 'b'"),
        ("%5.2f", (Decimal("1.5"),), " 1.50"),
        ("failed: %s", (ValueError("boom"),), "failed: boom"),
        ("%(a)s", {"a": 1}, "1"),
        ("%(name)s", ({"name": 1},), "%(name)s"),
        ("%99999999999999999999s", ("x",), "%99999999999999999999s"),
    ],
)
def test_placeholders_are_filled_if_they_fit(message: str, params: Any, formatted: str) -> None:
    part = message_part(message, params, Simplifier())["logentry"]
    assert part["message"] == message
    assert part["formatted"] == formatted
    assert ("params" in part) == bool(params)
    json.dumps(part, allow_nan=False, ensure_ascii=False).encode()


def test_params_are_plain_values() -> None:
    part = message_part("%s %s", ([1, {2}], object), Simplifier())["logentry"]
    assert part["params"] == [[1, [2]], "<class 'object'>"]


def test_a_long_message_is_cut_before_and_after_its_placeholders_are_filled() -> None:
    part = message_part("x" * 100_000, (), Simplifier())["logentry"]
    assert len(part["message"]) == len(part["formatted"]) == LONGEST_MESSAGE
    part = message_part("%s" * 100, ("y" * 1_000,) * 100, Simplifier())["logentry"]
    assert len(part["formatted"]) == LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (5, "5"),
        (None, "None"),
        (b"bytes", "b'bytes'"),
        (Bad(), "<Bad whose str raised SystemExit>"),
        (ValueError("x"), "x"),
        ("\ud800", "\\ud800"),
        ({"a": 1}, "{'a': 1}"),
        (type("Own", (str,), {"__str__": Bad.refuse})("own text"), "own text"),
    ],
    ids=["int", "None", "bytes", "hostile", "error", "surrogate", "dict", "own text"],
)
def test_a_message_of_any_kind_becomes_text(message: object, text: str) -> None:
    assert message_part(message, (), Simplifier()) == {"logentry": {"message": text, "formatted": text}}


@given(st.text(st.characters()), st.lists(st.none() | st.text(st.characters()) | st.integers() | st.floats()))
def test_any_message_with_any_params_is_json(message: str, params: list[Any]) -> None:
    json.dumps(message_part(message, tuple(params), Simplifier()), allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("tags", "merged"),
    [
        ((), None),
        ((None, None), None),
        (({}, None), None),
        (({"a": "1"},), {"a": "1"}),
        (({"a": "1", "b": "2"}, {"b": "3"}), {"a": "1", "b": "3"}),
        (({"n": 5, "none": None, "yes": True},), {"n": "5", "none": "None", "yes": "True"}),
        (({5: "five", None: "none"},), {"5": "five", "None": "none"}),
        (({"long": "x" * 500},), {"long": "x" * 197 + "..."}),
        (({"bad": Bad()},), {"bad": "<Bad whose repr raised SystemExit>"}),
        (({"\ud800": "\ud800"},), {"\\ud800": "\\ud800"}),
    ],
)
def test_tags_are_short_text_and_the_last_one_counts(
    tags: tuple[Mapping[str, object] | None, ...], merged: dict[str, str] | None
) -> None:
    assert tags_part(Simplifier(), *tags) == merged
