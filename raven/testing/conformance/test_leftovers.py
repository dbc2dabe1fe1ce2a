"""What a failed delivery leaves behind: nothing that has to wait for the garbage collector."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence

import pytest

from raven.errors import SendError
from raven.pipeline import Stack
from raven.request import Request
from raven.testing.conformance.conftest import Talk
from raven.testing.conformance.test_busy import at_home
from raven.testing.counting_server import PATIENCE, Answer, CountingServer
from raven.testing.http_server import Connection, refusing_port
from raven.testing.process import poll

OPTIONS = "attempts=2&backoff=0.001&breaker_failures=1000"


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Without a garbage collector, from a clean beginning."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def requests(others: Sequence[Request] = ()) -> list[Request]:
    """All that there are, with all that they hold, but for those."""
    known = {id(each) for each in others}
    return [each for each in gc.get_objects() if type(each) is Request and id(each) not in known]


def let_fail(dsn: str, transport: type[Stack]) -> None:
    """Capture some in vain. What they leave is gone when all that was under way has come to its end."""
    before = requests()
    with at_home(f"{dsn}?{OPTIONS}", transport) as client:
        for number in range(5):
            client.capture_message(f"{number}")
        client.flush(PATIENCE)
        assert client.stats().failed == 5
    assert poll(lambda: not requests(before) or None, PATIENCE)
    assert errors_to_collect() == []


def errors_to_collect() -> list[object]:
    """Those with their frames that nobody has any more, and that have not been freed for all that."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return [each for each in gc.garbage if isinstance(each, BaseException) and each.__traceback__]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("answer", [500, 400, 429, "close"])
def test_what_the_server_refuses_is_freed_at_once(transport: type[Stack], answer: Answer) -> None:
    with CountingServer(lambda number: answer) as server:
        let_fail(server.dsn, transport)


@pytest.mark.usefixtures("uncollected")
def test_what_reaches_no_server_is_freed_at_once(transport: type[Stack]) -> None:
    let_fail(f"http://key@127.0.0.1:{refusing_port()}/1", transport)


@pytest.mark.usefixtures("uncollected")
def test_what_is_for_an_unknown_server_is_freed_at_once(transport: type[Stack]) -> None:
    let_fail("http://key@nowhere.invalid/1", transport)


@pytest.mark.usefixtures("uncollected")
def test_what_is_cut_off_while_it_is_sent_is_freed_at_once(talk: Talk) -> None:
    def cut(connection: Connection) -> None:
        connection.read()
        connection.reset()

    _, sender = talk(cut)
    with contextlib.suppress(SendError):
        sender.post(b"x" * 10_000_000)
    assert errors_to_collect() == []


@pytest.mark.usefixtures("uncollected")
def test_what_finds_the_queue_full_is_freed_at_once(queued: type[Stack]) -> None:
    before = requests()
    with CountingServer() as server:
        server.hold()
        with at_home(f"{server.dsn}?queue_size=1", queued) as client:
            for number in range(10):
                client.capture_message(f"{number}")
            assert len({each.id for each in requests(before)}) <= 1  # the one that is on its way, and its copies
            server.release()
