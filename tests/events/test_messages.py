"""What an exception says is shown as Python shows it, but within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from raven.events.event import message_part
from raven.events.messages import message_of
from raven.events.values import Simplifier


@dataclass
class Order:
    lines: Any


@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError])
@pytest.mark.parametrize("make", [Order, lambda lines: SimpleNamespace(lines=lines)], ids=["fields", "namespace"])
def test_an_object_of_any_size_is_shown_within_bounds(kind: type[Exception], make: Callable[[Any], Any]) -> None:
    """Python's own text of it would have so many parts that the memory does not suffice, and is made by C code."""
    order = make([[[0] * 1_000] * 1_000] * 1_000)
    began = time.monotonic()
    for error in (kind(order), kind(1, order)):
        assert "lines=[" in message_of(error)
    assert "lines=[" in message_part("no %s", (order,), Simplifier())["logentry"]["formatted"]
    assert "lines=[" in message_part("no %r", (order,), Simplifier())["logentry"]["formatted"]
    assert time.monotonic() - began < 1


def test_an_object_is_written_as_python_does() -> None:
    assert message_of(ValueError(Order("x"))) == "Order(lines='x')"
    assert message_of(ValueError(1, Order(Order([5])))) == "(1, Order(lines=Order(lines=[5])))"
    part = message_part("no %s, %r", (Order("x"), Order([])), Simplifier())
    assert part["logentry"]["formatted"] == "no Order(lines='x'), Order(lines=[])"
