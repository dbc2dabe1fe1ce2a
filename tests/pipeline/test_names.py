"""What the package offers is loaded when it is first asked for."""

from __future__ import annotations

import pytest

from raven import pipeline
from raven.pipeline import Queue
from raven.pipeline.defaults import BACKGROUND
from raven.pipeline.many_workers import MANY_WORKERS


def test_all_names_are_there_and_listed_and_no_others() -> None:
    assert all(getattr(pipeline, name).__name__ == name for name in pipeline.__all__)
    assert set(pipeline.__all__) <= set(dir(pipeline))
    with pytest.raises(AttributeError, match=r"module 'raven\.pipeline' has no attribute 'Quue'"):
        _ = pipeline.Quue


def test_where_workers_are_cheap_only_their_number_differs() -> None:
    differing = [pair for pair in zip(BACKGROUND, MANY_WORKERS, strict=True) if pair[0] is not pair[1]]
    ((usual, many),) = differing
    assert isinstance(usual, Queue)
    assert isinstance(many, Queue)
    assert (usual.workers, many.workers) == (Queue().workers, 100)
