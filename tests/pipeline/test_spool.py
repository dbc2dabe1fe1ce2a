"""The spool, step by step: a clock that is moved by hand, and files that are real."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

from raven import at_exit
from raven.errors import Closed, ConfigurationError, ConnectError, InvalidOption, InvalidStack, QueueFull
from raven.outcome import Outcome, outcome_of
from raven.pipeline import Queue, Serialize, Spool, Stack
from raven.pipeline.queue import BoundQueue
from raven.pipeline.spool import BoundSpool
from raven.request import HELD, Request, Response, Send
from raven.runtimes import drive
from raven.sinks.memory import MemorySink
from raven.spool.lock import Lock
from raven.spool.pump import Pump
from raven.spool.store import Store, StoreError
from raven.testing import FakeRuntime, ScriptedSink, fake_context
from raven.testing.scripted import Answer
from raven.transport.spooled import SpooledHTTPTransport

from .helpers import counted, names, new_request, slow

QUEUE_SIZE = Queue().queue_size
REFUSED = ConnectError("refused")


class Line:
    """A spool on a fake runtime over a scripted sink, and the account of what was put into it."""

    def __init__(
        self,
        folder: Path,
        answers: Iterable[Answer] = (200,),
        *,
        runtime: FakeRuntime | None = None,
        twin: Callable[[], Send | None] = lambda: None,
        **options: Any,
    ) -> None:
        self.folder = folder
        self.runtime = runtime or FakeRuntime()
        self.sink = ScriptedSink(answers)
        self.context = fake_context(self.runtime).replace(twin=twin)
        spool = Spool(str(folder), **{"workers": 1, "worker_idle": 0.0, **options})
        self.bound: BoundSpool = spool.bind(self.sink.bind(self.context), self.context)

    def put(self, *named: str) -> list[Request]:
        requests = [new_request(name) for name in named]
        for request in requests:
            self.context.ledger.accept()
            try:
                assert drive(self.bound(request)) is HELD
            except (Closed, QueueFull) as error:
                self.context.ledger.settle(request, outcome_of(error))
        return requests

    def flush(self, seconds: float = 100.0) -> bool:
        deadline = self.runtime.monotonic() + seconds
        return self.runtime.run(lambda: self.bound.flush(deadline))

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.context.ledger.stats())

    @property
    def arrived(self) -> list[str]:
        return names(self.sink.received)

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.spool"))

    @property
    def at_rest(self) -> list[str]:
        """The names of those on disk, as another process would see them."""
        found = []
        for path in self.files:
            store = Store(str(path), reading=True)
            found += [row.body.decode() for row in store.page(0)[0]]
            store.close()
        return found

    @property
    def dead(self) -> list[tuple[str, str]]:
        found = []
        for path in self.files:
            store = Store(str(path), reading=True)
            found += [(letter.row.body.decode(), letter.reason) for letter in store.dead() if letter.row is not None]
            store.close()
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing can be stored."""

    def fail(self: Store, *arguments: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Store, "put", fail)


def test_an_event_is_on_disk_before_it_is_sent_and_gone_when_it_was_delivered(folder: Path) -> None:
    line = Line(folder)
    (request,) = line.put("a")
    assert (line.at_rest, line.arrived, request.fate.held, line.bound.pending()) == (["a"], [], True, 1)
    assert line.counts == {"accepted": 1, "pending": 1}
    line.runtime.advance()
    assert (line.at_rest, line.arrived, line.bound.pending()) == ([], ["a"], 0)
    assert line.counts == {"accepted": 1, "delivered": 1}


def test_a_request_that_comes_again_or_as_a_copy_is_taken_in_once(folder: Path) -> None:
    line = Line(folder)
    (request,) = line.put("a")
    assert drive(line.bound(request)) is drive(line.bound(request.copy())) is HELD
    assert line.at_rest == ["a"]


def test_no_folder_is_an_error_at_once() -> None:
    with pytest.raises(InvalidOption, match=r"spool: a folder is needed, as in \?spool="):
        Spool().bind(MemorySink().bind(fake_context()), fake_context())


def test_it_stands_where_a_queue_would_and_below_serialize() -> None:
    stack = Stack(Serialize(), Queue(), sink=MemorySink()).replace(Queue, Spool("/var/spool/shop"))
    assert repr(stack.stages) == "(Serialize(), Spool(spool='/var/spool/shop'))"
    with pytest.raises(InvalidStack, match="Spool needs Serialize above it: it stores the body that is made there"):
        Stack(Spool("x"), sink=MemorySink())
    assert SpooledHTTPTransport(spool="x", maximum_outstanding_requests=3).stages[1] == Spool("x", workers=3)


def test_a_folder_in_which_others_may_write_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigurationError, match="others may write in the folder"):
        Line(folder)


def test_a_folder_that_was_safe_when_the_program_began_costs_a_child_no_event(folder: Path) -> None:
    Line(folder)
    folder.chmod(0o777)
    line = Line(folder)  # as when a forked child binds, in the middle of a capture
    line.put("a")
    line.runtime.advance()
    assert (line.arrived, line.files) == (["a"], [])


def test_without_a_folder_events_are_in_memory_until_there_is_one(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("a file")
    line = Line(place / "spool", slow(200))
    line.put("a")
    assert line.counts == {"accepted": 1, "pending": 1}
    place.unlink()
    line.runtime.advance(1.0)
    line.put("b")
    assert line.at_rest == ["b"]
    line.runtime.advance(1.0)
    assert (line.arrived, line.counts) == (["a", "b"], {"accepted": 2, "delivered": 2})


def test_what_finds_the_queue_full_waits_on_disk(folder: Path) -> None:
    line = Line(folder, replay_pause=0)
    wanted = [str(number) for number in range(QUEUE_SIZE + 3)]
    line.put(*wanted)
    assert line.at_rest == wanted[:100]  # a page of them
    assert line.counts == {"accepted": QUEUE_SIZE + 3, "pending": QUEUE_SIZE + 3}
    assert line.flush()
    assert sorted(line.arrived, key=int) == wanted
    assert line.counts == {"accepted": QUEUE_SIZE + 3, "delivered": QUEUE_SIZE + 3}


def test_what_can_not_be_stored_is_delivered_from_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_disk(monkeypatch)
    line = Line(folder)
    line.put("a")
    line.runtime.advance()
    assert (line.arrived, line.counts) == (["a"], {"accepted": 1, "delivered": 1})


def test_what_can_neither_be_stored_nor_queued_is_dropped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_disk(monkeypatch)
    line = Line(folder)
    line.put(*"x" * QUEUE_SIZE, "y")
    assert line.counts == {"accepted": QUEUE_SIZE + 1, "pending": QUEUE_SIZE, "queue_overflow": 1}
    assert line.bound.pending() == QUEUE_SIZE


def test_what_was_in_memory_only_ends_as_in_a_queue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_disk(monkeypatch)
    line = Line(folder, [503, REFUSED, 1.0, 200])
    line.put("a", "b", "c")
    line.runtime.advance(0.5)
    line.bound.close()
    assert line.counts == {"accepted": 3, "send_error": 1, "network_error": 1, "shutdown": 1}


@pytest.mark.parametrize("answer", [408, 429, 502, 503, 504, REFUSED], ids=repr)
def test_what_may_succeed_later_stays_and_is_tried_again(folder: Path, answer: Answer) -> None:
    line = Line(folder, [answer, 200])
    line.put("a")
    line.runtime.advance()
    assert (line.at_rest, line.arrived) == (["a"], ["a"])
    assert line.counts == {"accepted": 1, "pending": 1}
    line.runtime.advance(60.0)
    assert (line.at_rest, line.arrived) == ([], ["a", "a"])
    assert line.counts == {"accepted": 1, "delivered": 1}


@pytest.mark.parametrize("answer", [302, 400, 401, 413, 500, ValueError("a bug")], ids=repr)
def test_what_is_refused_for_good_becomes_a_dead_letter(folder: Path, answer: Answer) -> None:
    line = Line(folder, [answer, 200])
    line.put("a", "b")
    line.runtime.advance()
    reason = "internal_sdk_error" if isinstance(answer, ValueError) else "send_error"
    assert (line.at_rest, line.dead, line.arrived) == ([], [("a", reason)], ["a", "b"])
    assert line.counts == {"accepted": 2, "delivered": 1, reason: 1}


def test_what_the_server_asks_for_is_waited_for_and_what_is_new_shows_that_it_is_over(folder: Path) -> None:
    line = Line(folder, [Response(429, {"retry-after": "600"}), 200])
    line.put("a")
    line.runtime.advance(500.0)
    assert line.arrived == ["a"]
    line.put("b")
    line.runtime.advance(1.0)
    assert line.arrived == ["a", "b", "a"]


def test_while_the_server_is_down_one_a_second_is_tried_and_the_rest_wakes_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(folder, [REFUSED, 200], replay_pause=0)
    queued: list[str] = []
    real = BoundQueue.__call__

    async def note(self: BoundQueue, request: Request) -> Response:
        queued.append((request.body or b"").decode())
        return await real(self, request)

    monkeypatch.setattr(BoundQueue, "__call__", note)
    line.put("a")
    line.runtime.advance(0.1)
    assert (line.arrived, line.at_rest) == (["a"], ["a"])
    line.put("scout", "b", "c")
    assert queued == ["a", "scout"]
    assert line.at_rest == ["a", "scout", "b", "c"]
    line.runtime.advance(0.1)  # the scout is taken, so the server is back
    line.put("d")
    assert queued == ["a", "scout", "d"]
    assert line.flush()
    assert line.counts == {"accepted": 5, "delivered": 5}
    assert (sorted(line.arrived), line.at_rest) == (["a", "a", "b", "c", "d", "scout"], [])


def test_who_replays_is_called_for_one_more_only_if_he_could_take_it_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, calls = Line(folder, [REFUSED, REFUSED, 200]), list[str]()
    real = Pump.call

    def note(self: Pump) -> None:
        calls.append("" if self._pace.left() <= 0 else "in a pause")
        real(self)

    monkeypatch.setattr(Pump, "call", note)
    line.put("a")
    line.runtime.advance(0.1)
    assert calls == ["in a pause"]  # nobody replayed before
    line.put("scout", "b", "c")
    assert calls == ["in a pause"]
    line.runtime.advance(60.0)
    assert line.counts == {"accepted": 4, "delivered": 4}


def test_who_only_looks_for_what_others_leave_takes_up_at_once_what_the_queue_has_no_place_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, line = Line(folder, [503]), Line(folder, replay_pause=0)
    other.put("other's")
    line.bound._pump.look()
    line.runtime.advance()
    assert not line.bound._pump._vacancy

    async def full(self: BoundQueue, request: Request) -> Response:
        raise QueueFull("it is full")

    monkeypatch.setattr(BoundQueue, "__call__", full)
    line.put("a")
    line.runtime.advance()
    assert line.arrived == ["a"]


def test_what_was_replayed_in_vain_goes_on_waiting(folder: Path) -> None:
    line = Line(folder, [503, 503, 400])
    line.put("a")
    line.runtime.advance(60.0)
    assert (line.arrived, line.dead) == (["a"] * 3, [("a", "send_error")])
    assert line.counts == {"accepted": 1, "send_error": 1}


def test_a_flush_ends_in_time_while_events_wait(folder: Path) -> None:
    line = Line(folder, [503])
    line.put("a")
    assert not line.flush(5.0)
    assert line.at_rest == ["a"]


def test_a_flush_waits_for_what_is_replayed_and_makes_no_pauses(folder: Path) -> None:
    line = Line(folder, [503, 503, 503, 200], replay_pause=50.0)
    line.put("a", "b", "c")
    line.runtime.advance()
    assert line.flush(10.0)
    assert line.counts == {"accepted": 3, "delivered": 3}


def test_the_oldest_goes_when_there_are_too_many(folder: Path) -> None:
    line = Line(folder, [503], spool_events=2, replay_pause=0)
    for name in "abcd":
        line.put(name)
        line.runtime.advance()
    assert line.at_rest == ["c", "d"]
    assert line.counts == {"accepted": 4, "pending": 2, "cache_overflow": 2}


def test_what_the_queue_has_when_it_goes_from_the_disk_is_delivered_all_the_same(folder: Path) -> None:
    line = Line(folder, spool_events=1)
    line.put("a", "b")
    assert (line.at_rest, line.counts) == (["b"], {"accepted": 2, "pending": 2})
    line.runtime.advance()
    assert (line.arrived, line.counts) == (["a", "b"], {"accepted": 2, "delivered": 2})


def test_what_the_queue_gives_back_when_it_has_gone_from_the_disk_is_dropped(folder: Path) -> None:
    line = Line(folder, [503], spool_events=1)
    line.put("a", "b")
    line.runtime.advance()
    assert line.counts == {"accepted": 2, "pending": 1, "send_error": 1}


def test_what_goes_from_the_disk_while_the_queue_gives_it_back_is_dropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(folder, [503])

    def put_another(self: Store, *arguments: object) -> None:
        line.bound._ended(1, Outcome("cache_overflow"))  # as another thread does that puts one more than fits

    monkeypatch.setattr(Store, "note", put_another)
    line.put("a")
    line.runtime.advance()
    assert line.counts == {"accepted": 1, "cache_overflow": 1}


def test_what_was_counted_as_left_may_still_go_as_the_oldest(folder: Path) -> None:
    line = Line(folder, [503], spool_events=1)
    line.put("a")
    line.bound.abandon()
    line.put("b")
    assert line.at_rest == ["b"]
    assert line.counts == {"accepted": 2, "pending": 1, "spooled": 1}


def test_what_is_left_when_it_is_closed_stays_and_counts_as_spooled(folder: Path) -> None:
    line = Line(folder, [503, 1.0, 200])
    line.put("a", "b", "c")
    line.runtime.advance(0.5)
    line.bound.close()
    assert line.counts == {"accepted": 3, "spooled": 3}
    assert line.context.ledger.stats().failed == 0
    assert (line.at_rest, line.bound.pending()) == (["a", "b", "c"], 0)
    with pytest.raises(Closed):
        drive(line.bound(new_request("d")))


def test_what_was_left_is_delivered_by_the_next_in_its_order(folder: Path) -> None:
    line = Line(folder, [503])
    line.put("a", "b", "c")
    line.bound.close()
    heir = Line(folder, replay_pause=1.0)
    heir.runtime.advance()
    assert heir.arrived == ["a"]
    heir.runtime.advance(1.0)
    assert heir.arrived == ["a", "b"]
    heir.put("new")  # and what is new doesn't wait for what is old
    heir.runtime.advance()
    assert heir.arrived == ["a", "b", "new"]
    heir.runtime.advance(2.0)
    assert heir.arrived == ["a", "b", "new", "c"]
    assert heir.counts == {"accepted": 1, "delivered": 1}  # what others accepted is in the account of the files
    heir.bound.close()
    assert list(folder.iterdir()) == []


def test_nothing_is_started_where_there_is_nothing_to_do(folder: Path) -> None:
    line = Line(folder)
    assert (line.runtime.tasks, list(folder.iterdir())) == ([], [])


def test_one_that_is_closed_while_it_takes_one_in_leaves_it_on_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(folder)
    put = Store.put

    def close_first(self: Store, *arguments: Any) -> None:
        put(self, *arguments)
        line.bound.close()

    monkeypatch.setattr(Store, "put", close_first)
    line.put("a")
    assert (line.at_rest, line.counts) == (["a"], {"accepted": 1, "spooled": 1})


def test_a_capture_that_is_interrupted_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(folder)
    line.put("a")
    monkeypatch.setattr(BoundQueue, "__call__", stop)
    with pytest.raises(KeyboardInterrupt):
        drive(line.bound(new_request("b")))
    assert (line.at_rest, line.bound.pending()) == (["a"], 1)


async def stop(self: object, request: Request) -> Response:
    raise KeyboardInterrupt


def test_where_no_loop_can_be_waited_for_the_caller_delivers(folder: Path) -> None:
    twin = ScriptedSink([200])
    context = fake_context(FakeRuntime())
    line = Line(folder, [503], runtime=FakeRuntime(spawns=False), twin=lambda: twin.bind(context), replay_pause=5.0)
    line.put("a")
    assert line.bound.flush_here(line.runtime.now + 10.0)
    assert (names(twin.received), line.counts) == (["a"], {"accepted": 1, "delivered": 1})


def test_the_caller_delivers_what_is_on_disk_too(folder: Path) -> None:
    twin = ScriptedSink([200])
    line = Line(folder, [503, 503], twin=lambda: twin.bind(fake_context(FakeRuntime())))
    line.put("a", "b")
    line.runtime.advance()
    assert line.arrived == ["a", "b"]
    assert line.bound.flush_here(line.runtime.now + 10.0)
    assert (names(twin.received), line.at_rest) == (["a", "b"], [])


def test_where_there_is_no_twin_it_waits_on_disk(folder: Path) -> None:
    line = Line(folder, [503])
    line.put("a")
    line.runtime.advance()
    assert not line.bound.flush_here(line.runtime.now + 10.0)
    assert not line.bound.flush_here(line.runtime.now)
    assert line.at_rest == ["a"]


def test_at_exit_what_is_queued_is_delivered_and_the_rest_is_left(folder: Path) -> None:
    line = Line(folder, [503, *slow(200, seconds=0.4)], replay_pause=50.0)
    line.put("a", "b", "c")
    said: list[str] = []
    line.bound.drain(0.6, 0.3, lambda: said.append("waiting"))
    assert (line.arrived, set(said)) == (["a", "b", "c"], {"waiting"})
    line.bound.abandon()
    assert line.counts == {"accepted": 3, "delivered": 2, "spooled": 1}
    line.bound.let_go()
    assert line.at_rest == ["a"]
    assert line.bound.shutdown_timeout == 2.0


def test_at_exit_what_is_on_disk_is_replayed_while_there_is_time(folder: Path) -> None:
    twin = ScriptedSink([200])
    line = Line(folder, [503, 503], twin=lambda: twin.bind(fake_context(FakeRuntime())))
    line.put("a", "b")
    line.runtime.advance()
    line.bound.drain(1.0, 0.5, lambda: None)
    assert (names(twin.received), line.counts) == (["a", "b"], {"accepted": 2, "delivered": 2})


def test_at_exit_a_try_ends_when_the_time_is_over(folder: Path) -> None:
    twin = ScriptedSink([200])
    line = Line(folder, [503], twin=lambda: twin.bind(fake_context(FakeRuntime())))
    line.put("a")
    line.runtime.advance()
    line.bound.drain(1.0, 0.5, lambda: None)
    (request,) = twin.received
    assert request.deadline == request.latest == line.runtime.now + 1.0


def test_where_there_is_neither_a_loop_nor_a_twin_nobody_is_called_in_vain(folder: Path) -> None:
    helper = FakeRuntime()
    line = Line(folder, [503], runtime=FakeRuntime(runs=False, spawns=False, helper=helper))
    line.put("a")
    for _ in range(10):
        helper.advance()
        line.runtime.advance(1.0)
    assert helper.tasks == line.runtime.tasks == []
    assert len(line.bound._pump._vacancy) == 1


def test_what_is_captured_after_the_exit_handler_is_delivered_or_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not what other tests have left, whose clocks stand still.
    for name, value in (("_over", True), ("_spent", 0.0), ("_queues", WeakSet()), ("_reports", WeakSet())):
        monkeypatch.setattr(at_exit, name, value)
    line = Line(folder, [200, 503])
    line.put("a")
    assert (line.arrived, list(folder.iterdir())) == (["a"], [])
    line.put("b")
    assert (line.arrived, line.at_rest) == (["a", "b"], ["b"])
    assert line.counts == {"accepted": 2, "delivered": 1, "spooled": 1}


def test_a_forked_child_has_none_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(folder)
    line.put("a")
    ours = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: ours + 1)
    assert line.bound.pending() == 0
    line.bound.let_go()
    monkeypatch.undo()
    assert line.at_rest == ["a"]
    line.runtime.advance()
    assert line.at_rest == []


def test_a_file_of_a_living_process_is_left_to_it_until_it_is_gone(folder: Path) -> None:
    line, other = Line(folder, [503]), Line(folder, [200])
    line.put("a")
    other.runtime.advance(100.0)
    assert other.arrived == []
    line.bound.close()
    other.put("b")
    other.runtime.advance(100.0)
    assert other.arrived == ["b", "a"]


def test_files_of_other_projects_are_left_alone(folder: Path) -> None:
    line = Line(folder, [503])
    line.put("a")
    line.bound.close()
    (path,) = line.files
    foreign = path.with_name("0" * 16 + path.name[16:])
    path.rename(foreign)
    other = Line(folder)
    other.runtime.advance(100.0)
    assert (other.arrived, Lock.take(str(foreign)) is not None) == ([], True)


def test_what_a_worker_comes_back_with_when_it_was_left_behind_is_nobodys(folder: Path) -> None:
    line = Line(folder, slow(200))
    line.put("a")
    line.runtime.advance(0.5)
    line.bound.close()
    line.runtime.advance(1.0)
    assert line.counts == {"accepted": 1, "spooled": 1}
