"""Envelope frames the body byte by byte as the protocol has it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from raven import VERSION
from raven.errors import Unserializable
from raven.pipeline import Envelope
from raven.pipeline.envelope import enclose
from raven.request import Request
from raven.testing import StageDriver

ID = "c0ffee" + "0" * 26


def framed(payload: bytes, category: str = "error") -> Request:
    driver = StageDriver(Envelope())
    driver.send(Request(ID, category, body=payload, headers={"Content-Type": "text/plain", "X-Other": "1"}))
    return driver.received[0]


PAYLOADS = [b"{}", b"", "größer".encode(), b'{"a":1}\n{"type":"event"}\n', b"\n\n", b"\x00\xff"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_event_has_its_id_in_the_header_and_its_length_in_bytes(payload: bytes) -> None:
    body = framed(payload).body
    assert body is not None
    sent_at = json.loads(body.partition(b"\n")[0])["sent_at"]
    header = f'{{"event_id": "{ID}", "sent_at": "{sent_at}", "sdk": {{"name": "raven", "version": "{VERSION}"}}}}'
    item = f'{{"type": "event", "length": {len(payload)}}}'
    assert body == header.encode() + b"\n" + item.encode() + b"\n" + payload + b"\n"


@pytest.mark.parametrize("text", ['"', "\n", "\\", "\x00", "ü", "\ud800"])
def test_an_id_and_a_category_of_whatever_text_stay_in_their_lines(text: str) -> None:
    for category in ("error", text):
        body = enclose(Request(text, category), b"{}")
        header, item, rest = body.split(b"\n", 2)
        assert json.loads(header).get("event_id", text) == text
        assert json.loads(item)["type"] in ("event", text)
        assert rest == b"{}\n"


def test_the_time_of_sending_is_now_in_utc() -> None:
    before = datetime.now(timezone.utc)
    body = framed(b"{}").body
    assert body is not None
    text = json.loads(body.partition(b"\n")[0])["sent_at"]
    assert text.endswith("Z")
    assert 0 <= (datetime.fromisoformat(text.replace("Z", "+00:00")) - before).total_seconds() < 10


def test_what_is_no_event_keeps_its_category_and_has_no_id() -> None:
    body = framed(b'{"discarded_events":[]}', "client_report").body
    assert body is not None
    header, item, rest = body.split(b"\n", 2)
    assert list(json.loads(header)) == ["sent_at", "sdk"]
    assert json.loads(item) == {"type": "client_report", "length": 23}
    assert rest == b'{"discarded_events":[]}\n'


def test_it_names_the_endpoint_and_the_type_and_leaves_other_headers() -> None:
    request = framed(b"{}")
    assert request.endpoint == "envelope"
    assert request.headers == {"Content-Type": "application/x-sentry-envelope", "X-Other": "1"}


def test_a_request_without_a_body_is_refused() -> None:
    driver = StageDriver(Envelope())
    with pytest.raises(Unserializable, match="no body to frame"):
        driver.send(Request(ID))
    assert driver.received == []
