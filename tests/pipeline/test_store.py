"""Store sends an event as it is, and nothing else."""

from __future__ import annotations

import pytest

from raven.errors import Unserializable
from raven.pipeline import Store
from raven.testing import StageDriver


def test_an_event_is_the_whole_body_for_the_store_endpoint() -> None:
    driver = StageDriver(Store())
    driver.send(body=b'{"a":1}', headers={"X-Other": "1"})
    (request,) = driver.received
    assert request.body == b'{"a":1}'
    assert request.endpoint == "store"
    assert request.headers == {"Content-Type": "application/json", "X-Other": "1"}


@pytest.mark.parametrize("category", ["client_report", "transaction", ""])
def test_what_is_no_event_is_refused(category: str) -> None:
    driver = StageDriver(Store())
    with pytest.raises(Unserializable, match=f"events only, not a {category}$"):
        driver.send(body=b"{}", category=category)
    assert driver.received == []
