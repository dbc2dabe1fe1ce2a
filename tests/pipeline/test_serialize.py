"""Serialize makes JSON of anything, never later, and never more than it may."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raven.errors import EventTooLarge, InvalidOption, Unserializable
from raven.pipeline import Serialize, serialize
from raven.pipeline.serialize import encode
from raven.request import Request
from raven.require import import_optional
from raven.testing import StageDriver

from .helpers import new_request, repeatable

LIMIT = 1_048_576
KEEPS_BODIES = """
import resource, sys
if len(sys.argv) > 1:
    sys.modules["orjson"] = None
from raven.pipeline.serialize import encode
from raven.require import import_optional

import_optional()

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

event = {"tags": {f"tag {number}": "x" * number for number in range(30)}}
encode(event, 10_000)
before = resident()
bodies = [encode(event, 10_000) for _ in range(5_000)]
print(resident() - before, sum(map(len, bodies)))
"""


@pytest.fixture(autouse=True, params=["orjson", "json"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test is done with orjson, and as if it were not installed."""
    name: str = request.param
    import_optional()
    if name == "json":
        monkeypatch.setattr(serialize, "optional", lambda module: None)
    return name


def test_the_event_becomes_compact_utf8_json() -> None:
    driver = StageDriver(Serialize())
    driver.send(event={"message": "größer", "extra": {"n": [1, 2.5, True, None]}})
    (request,) = driver.received
    assert request.body == '{"message":"größer","extra":{"n":[1,2.5,true,null]}}'.encode()
    assert request.event is None


def test_an_event_that_is_said_to_be_plain_is_not_searched_for_what_json_has_no_form_for(library: str) -> None:
    driver = StageDriver(Serialize())
    driver.send(new_request(event={"extra": float("nan")}, plain=True))
    assert driver.received[0].body == (b'{"extra":null}' if library == "orjson" else b'{"extra":"nan"}')


def test_a_body_that_is_kept_takes_no_more_memory_than_it_has(library: str) -> None:
    program = [sys.executable, "-c", KEEPS_BODIES, *(["no orjson"] if library == "json" else [])]
    grown, size = map(int, subprocess.check_output(program).split())
    assert grown < 1.5 * size


def test_what_the_program_does_to_the_event_later_changes_nothing() -> None:
    driver = StageDriver(Serialize())
    event = {"extra": {"cart": ["tea"]}}
    driver.send(event=event)
    event["extra"]["cart"].append("milk")
    assert driver.received[0].body == b'{"extra":{"cart":["tea"]}}'


def test_a_body_that_is_there_already_is_left_alone() -> None:
    driver = StageDriver(Serialize())
    driver.send(new_request("ready", category="client_report"))
    assert driver.received[0].body == b"ready"


def test_a_request_with_neither_event_nor_body_is_refused() -> None:
    driver = StageDriver(Serialize())
    with pytest.raises(Unserializable, match="neither an event nor a body"):
        driver.send(Request("0" * 32))
    assert driver.received == []


class Loud:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        raise self.error


class Masked:
    """Not even its class can be asked for."""

    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        return "<Masked>"


class Colour(Enum):
    """Its members are their values."""

    RED = "red"


class Broken(Enum):
    """A number that JSON has no form for."""

    NUMBER = float("nan")


@dataclass
class Point:
    """orjson takes one for a dict."""

    x: int = 1


class Lying(dict[str, Any]):
    def items(self) -> Any:
        raise ZeroDivisionError

    def get(self, *_: Any) -> Any:
        raise ZeroDivisionError


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(float("nan"), "nan", id="NaN"),
        pytest.param([float("inf"), -float("inf")], ["inf", "-inf"], id="infinity"),
        pytest.param({1, 2}, [1, 2], id="set"),
        pytest.param(b"\x00\xff", r"b'\x00\xff'", id="bytes"),
        pytest.param([None, float("nan")], [None, "nan"], id="NaN beside None"),
        pytest.param(Decimal("1.5"), "Decimal('1.5')", id="foreign type"),
        pytest.param(Colour.RED, "red", id="member of an enumeration"),
        pytest.param([None, Broken.NUMBER], [None, repr(Broken.NUMBER)], id="member whose value is a NaN, beside None"),
        pytest.param(Point(), {"__class__": "Point", "x": 1}, id="dataclass"),
        pytest.param(UUID(int=1), "00000000-0000-0000-0000-000000000001", id="UUID"),
        pytest.param(date(2026, 1, 2), "datetime.date(2026, 1, 2)", id="date"),
        pytest.param(10**20, 10**20, id="int of 67 bits"),
        pytest.param((1, "g" * 9), [1, "g" * 9], id="tuple"),
        pytest.param("a\ud800b", r"a\ud800b", id="lone surrogate"),
        pytest.param({"\udfff": 1}, {r"\udfff": 1}, id="lone surrogate as a key"),
        pytest.param({1: 1, None: 2, b"x": 3}, {"1": 1, "None": 2, "b'x'": 3}, id="odd keys"),
        pytest.param({float("nan"): 1}, {"nan": 1}, id="NaN as a key"),
        pytest.param(10**5_000, "<int of 16610 bits>", id="int of 5000 digits"),
        pytest.param(Loud(ValueError()), "<Loud whose repr raised ValueError>", id="broken repr"),
        pytest.param(Loud(SystemExit()), "<Loud whose repr raised SystemExit>", id="repr that exits"),
        pytest.param([Masked()], ["<Masked>"], id="class that can't be asked for"),
        pytest.param(Lying(a=1), {"a": 1}, id="dict that lies"),
        pytest.param(Text("text"), "text", id="text that can't be text"),
    ],
)
def test_what_json_cannot_hold_is_replaced(value: Any, expected: Any) -> None:
    body = encode({"extra": {"value": value}, "message": "hi"}, LIMIT)
    assert json.loads(body) == {"extra": {"value": expected}, "message": "hi"}


@pytest.mark.parametrize("limit", [1_000, 100_000])
def test_a_cycle_is_cut(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getrecursionlimit", lambda: limit)  # above the usual, a cycle is looked for
    extra: dict[str, Any] = {}
    extra["self"] = extra
    assert json.loads(encode({"extra": extra}, LIMIT)) == {"extra": {"self": "<the same object again>"}}


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}], ids=["lists", "dicts"])
def test_a_hundred_thousand_levels_are_cut_to_twenty(wrap: Callable[[Any], Any]) -> None:
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = wrap(deep)
    body = encode({"extra": deep}, LIMIT)
    levels = 0
    found = json.loads(body)
    while isinstance(found, (dict, list)):
        found = found[0] if isinstance(found, list) else next(iter(found.values()))
        levels += 1
    assert (levels, found) == (20, f"<{type(deep).__name__} with 1 item>")


class Growing:
    """Changes the dict that it is in whenever it is looked at."""

    def __init__(self, owner: dict[str, Any]) -> None:
        self.owner = owner

    def __repr__(self) -> str:
        self.owner[f"new {len(self.owner)}"] = 1
        return "<Growing>"


def test_a_dict_that_changes_while_it_is_read_is_replaced() -> None:
    extra: dict[str, Any] = {}
    extra["value"] = Growing(extra)
    assert json.loads(encode({"extra": extra}, LIMIT)) == {"extra": "<dict that was being changed>"}


def test_an_event_that_changes_while_it_is_read_stays_an_event() -> None:
    event: dict[str, Any] = {}
    event["value"] = Growing(event)
    assert json.loads(encode(event, LIMIT)) == {"value": "<Growing>"}


def big_event(size: int = 2_000) -> dict[str, Any]:
    frames = [{"function": "f", "vars": {"v": "v" * size}, "pre_context": ["p" * size]}, {"function": "g"}]
    return {
        "event_id": "0" * 32,
        "exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]},
        "threads": {
            "values": [{"id": 1, "stacktrace": {"frames": [{"vars": "v" * size, "post_context": ["p" * size]}]}}]
        },
        "breadcrumbs": {"values": ["b" * size]},
        "extra": {"e": "e" * size},
    }


def what_is_left(body: bytes) -> set[str]:
    event = json.loads(body)
    assert event["event_id"] == "0" * 32
    first, second = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert (first["function"], second) == ("f", {"function": "g"})
    (other,) = event["threads"]["values"][0]["stacktrace"]["frames"]
    assert ("vars" in other, "post_context" in other) == ("vars" in first, "pre_context" in first)
    return {"vars", "pre_context"} & set(first) | {"breadcrumbs", "extra"} & set(event)


@pytest.mark.parametrize("odd", [False, True], ids=["plain", "with a value that JSON can't hold"])
@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (13_000, {"vars", "breadcrumbs", "extra", "pre_context"}),
        (9_000, {"breadcrumbs", "extra", "pre_context"}),
        (7_000, {"extra", "pre_context"}),
        (5_000, {"pre_context"}),
        (1_000, set()),
    ],
)
def test_locals_go_first_then_breadcrumbs_then_extra_then_source(limit: int, left: set[str], odd: bool) -> None:
    event = big_event()
    if odd:
        event["odd"] = {1}
    before = copy.deepcopy(event)
    body = encode(event, limit)
    assert what_is_left(body) == left
    assert len(body) <= limit
    assert event == before


def test_an_event_that_just_fits_loses_nothing() -> None:
    exact = len(encode(big_event(), LIMIT))
    assert what_is_left(encode(big_event(), exact)) == {"vars", "breadcrumbs", "extra", "pre_context"}
    assert what_is_left(encode(big_event(), exact - 1)) == {"breadcrumbs", "extra", "pre_context"}


@pytest.mark.parametrize("odd", [False, True], ids=["plain", "with a value that JSON can't hold"])
def test_an_event_that_stays_too_large_is_refused(odd: bool) -> None:
    event = {"message": ["m" * 900] * 3, "extra": "e" * 3_000, "odd": {1} if odd else [1]}
    with pytest.raises(EventTooLarge, match=r"the event has 2\d{3} bytes, 2000 are allowed") as raised:
        encode(event, 2_000)
    assert "mmm" not in str(raised.value)


@pytest.mark.parametrize("value", ["x", "ü"])
def test_the_limit_counts_bytes_and_may_be_reached(value: str) -> None:
    event = {"a": value * 1_000, "extra": 1}
    exact = len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
    assert len(encode(event, exact)) == exact
    assert json.loads(encode(event, exact - 1)) == {"a": value * 1_000}
    with pytest.raises(EventTooLarge):
        encode({"a": value * 1_000}, exact - len(',"extra":1') - 1)


def test_a_cut_that_brings_it_to_the_limit_exactly_is_enough() -> None:
    exact = len(encode({k: v for k, v in big_event().items() if k == "event_id"}, LIMIT))
    event = {"event_id": "0" * 32, "extra": "e" * 2_000}
    assert len(encode(event, exact)) == exact


@pytest.mark.parametrize(
    "exception",
    [
        "text",
        {"values": "text"},
        {"values": ["text", {"stacktrace": "text"}, {"stacktrace": {"frames": "text"}}]},
        {"values": [{"stacktrace": {"frames": ["text", {"vars_of": 1}]}}]},
        [{"type": "E"}],
    ],
)
def test_an_exception_of_another_shape_survives_the_cuts(exception: Any) -> None:
    body = encode({"exception": exception, "extra": "e" * 2_000}, 1_000)
    assert json.loads(body) == {"exception": exception}


def test_a_dict_that_lies_survives_the_cuts() -> None:
    body = encode({"exception": Lying(values=Lying(a=1)), "extra": "e" * 2_000}, 1_000)
    assert json.loads(body) == {"exception": {"values": {"a": 1}}}


def test_the_stage_obeys_its_limit_and_the_event_is_not_sent() -> None:
    driver = StageDriver(Serialize(max_event_size=1_000))
    with pytest.raises(EventTooLarge, match="1000 are allowed"):
        driver.send(event={"message": "m" * 1_000})
    assert driver.received == []


def test_the_limit_has_a_least_value() -> None:
    assert Serialize().max_event_size == 1_048_576
    assert Serialize(max_event_size=1_000).max_event_size == 1_000
    with pytest.raises(InvalidOption, match=r"^max_event_size: a whole number of bytes that is at least 1000"):
        Serialize(max_event_size=999)


HOSTILE = [Loud(ValueError()), Lying(a=1), Text("text"), Decimal(1), object, len, 10**5_000]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary()
    | st.sampled_from(range(len(HOSTILE))).map(lambda at: HOSTILE[at])  # so that nobody prints them
)
keys = st.text(st.characters(codec=None)) | st.integers() | st.floats() | st.none() | st.binary() | st.tuples(st.text())
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(keys, inner), max_leaves=30
)
known_keys = st.sampled_from(["exception", "breadcrumbs", "extra", "values", "stacktrace", "frames", "vars", "threads"])
events = st.dictionaries(known_keys | st.text(), st.dictionaries(known_keys, values) | values)


@settings(repeatable, max_examples=60)
@given(events, st.integers(1_000, 3_000), st.integers(0, 4_000))
def test_any_event_gives_valid_json_within_the_limit_or_is_too_large(
    event: dict[str, Any], limit: int, filling: int
) -> None:
    event["extra"] = [event.get("extra"), "e" * filling]
    try:
        body = encode(event, limit)
    except EventTooLarge:
        return
    assert isinstance(json.loads(body.decode()), dict)
    assert len(body) <= limit
