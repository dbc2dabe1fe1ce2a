"""Shrink: what the server finds too large is cut to half, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from raven.errors import InvalidStack
from raven.pipeline import Envelope, Queue, Serialize, Shrink, Stack
from raven.request import Response
from raven.testing import MemorySink, StageDriver

from .helpers import bind_over, new_request


def large(**more: object) -> dict[str, Any]:
    """An event with something of all that may be cut."""
    frame = {"lineno": 1, "vars": {"a": "x" * 1_900}, "pre_context": ["y" * 100], "post_context": ["z" * 100]}
    return {
        "event_id": "0" * 32,
        "exception": {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]},
        "breadcrumbs": {"values": [{"message": "m" * 300}]},
        "extra": {"b": "w" * 300},
        **more,
    }


def sent(event: Any, *answers: int) -> tuple[Response, list[Any]]:
    driver = StageDriver(Shrink(), answers)
    response = driver.send(body=json.dumps(event, separators=(",", ":")).encode())
    return response, [json.loads(request.body or b"") for request in driver.received]


def test_it_is_cut_to_half_and_sent_once_more() -> None:
    response, bodies = sent(large(), 413, 200)
    assert response.status == 200
    assert bodies[0] == large()
    (frame,) = bodies[1]["exception"]["values"][0]["stacktrace"]["frames"]
    assert "vars" not in frame
    assert "breadcrumbs" in bodies[1]
    assert 2 * len(json.dumps(bodies[1])) <= len(json.dumps(bodies[0]))


def test_what_can_not_be_cut_to_half_is_cut_as_far_as_it_can_be() -> None:
    response, bodies = sent(large(message="m" * 5_000), 413, 200)
    assert response.status == 200
    (frame,) = bodies[1]["exception"]["values"][0]["stacktrace"]["frames"]
    assert frame == {"lineno": 1}
    assert "breadcrumbs" not in bodies[1]
    assert "extra" not in bodies[1]
    assert set(bodies[1]["message"]) == {"m", "."}


def test_it_is_done_exactly_once() -> None:
    response, bodies = sent(large(), 413, 413, 200)
    assert (response.status, len(bodies)) == (413, 2)


@pytest.mark.parametrize("event", [{"extra_of_ones_own": [0] * 500}, ["no event"], "no event", 7], ids=type)
def test_where_nothing_can_be_cut_the_answer_stands(event: Any) -> None:
    response, bodies = sent(event, 413, 200)
    assert (response.status, bodies) == (413, [event])


@pytest.mark.parametrize("body", [None, b"\xff not JSON"])
def test_what_is_no_json_is_left_alone(body: bytes | None) -> None:
    driver = StageDriver(Shrink(), [413, 200])
    assert driver.send(body=body).status == 413
    assert len(driver.received) == 1


def test_its_frame_is_made_anew() -> None:
    driver = StageDriver(Shrink(), [413, 200])
    bodies: list[bytes] = []
    answers = [413, 200]

    async def framed(request: Any) -> Response:
        bodies.append(request.body)
        return Response(answers.pop(0))

    send = bind_over(Shrink(), Envelope().bind(framed, driver.context))
    assert send(new_request(json.dumps(large()))).status == 200
    for body in bodies:
        header, item, rest = body.split(b"\n", 2)
        assert json.loads(header)["event_id"]
        assert json.loads(item)["length"] == len(rest) - 1
        json.loads(rest)


def test_where_it_stands() -> None:
    with pytest.raises(InvalidStack, match="Shrink can't stand above Queue"):
        Stack(Serialize(), Shrink(), Queue(), sink=MemorySink())
    with pytest.raises(InvalidStack, match="Shrink needs Serialize"):
        Stack(Shrink(), sink=MemorySink())
