"""One exception is one event, wherever it is met on its way up; and two exceptions are two."""

from __future__ import annotations

import asyncio
import builtins
import copy
import gc
import json
import logging
import pickle
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NoReturn

import pytest

from raven.capture.once import Once
from raven.handlers.logging import SentryHandler
from raven.testing.counting_server import CountingServer
from tests.made import Made, Make
from tests.process.conftest import Start


class Plain(Exception):
    """Can be referred to weakly."""


class Slotted(Exception):
    """Can't."""

    __slots__ = ()


class Hostile(Exception):
    """Refuses whatever can be refused."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise RuntimeError("hiddentext")

    __setattr__ = __delattr__ = __eq__ = __bool__ = __reduce__ = __reduce_ex__ = refuse
    __getattribute__ = __str__ = __repr__ = __len__ = __iter__ = refuse
    __hash__ = None  # type: ignore[assignment]


class HostileSlotted(Exception):
    __slots__ = ()
    __setattr__ = __delattr__ = __eq__ = __bool__ = __reduce__ = __reduce_ex__ = Hostile.refuse
    __getattribute__ = __str__ = __repr__ = __len__ = __iter__ = Hostile.refuse
    __hash__ = None  # type: ignore[assignment]


class Pretending(Exception):
    """Says that it is something else."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("hiddentext")

    @__class__.setter
    def __class__(self, value: object) -> None: ...


KINDS: list[type[BaseException]] = [
    *(ValueError, KeyError, OSError, MemoryError, StopIteration, RecursionError, SystemExit, KeyboardInterrupt),
    *(Plain, Slotted, Hostile, HostileSlotted, Pretending),
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.__name__)


def raised(error: BaseException) -> BaseException:
    """The exception, after it was raised and caught once."""
    try:
        raise error
    except BaseException as caught:
        return caught


@kinds
def test_an_exception_that_goes_up_is_one_event(make: Make, kind: type[BaseException]) -> None:
    made = make()
    ids: list[str | None] = []

    def inner() -> None:
        try:
            raise kind()
        except BaseException:
            ids.append(made.client.capture_exception())
            raise

    def middle() -> None:
        try:
            inner()
        except BaseException as error:
            ids.append(made.client.capture_exception(error))
            raise error

    try:
        middle()
    except BaseException:
        ids.append(made.client.capture_exception(sys.exc_info()))
    assert ids == [made.event["event_id"]] * 3
    assert made.client.stats().accepted == 1


def test_it_is_one_event_by_whatever_it_is_captured(make: Make) -> None:
    made = make()
    log = logging.Logger("shop")
    log.addHandler(SentryHandler(made.client))

    @made.client.capture_exceptions
    def work() -> NoReturn:
        with made.client.capture_exceptions():
            raise ValueError("no")

    try:
        work()
    except ValueError:
        log.exception("failed")
        made.client.capture("raven.events.Exception")
    assert made.event["exception"]["values"][0]["mechanism"]["type"] == "capture_exceptions"


def test_in_a_process_that_ends_of_it_it_is_one_event(server: CountingServer, start: Start) -> None:
    source = """
        import logging
        from raven.handlers.logging import SentryHandler
        client = Client(DSN)
        logging.getLogger().addHandler(SentryHandler(client))
        def work():
            try:
                raise ValueError("no")
            except ValueError:
                say("sent", client.capture_exception())
                raise
        try:
            work()
        except ValueError:
            logging.exception("failed")
            raise
    """
    ended = start(source, server.dsn).end()
    assert ended.code == 1
    assert "ValueError: no" in ended.stderr
    assert server.counts == {ended.said("sent")[0]: 1}


def test_each_client_captures_it(make: Make) -> None:
    made = [make(), make(), make()]
    for error in (ValueError(), Plain()):
        for _ in range(2):
            for each in made:
                each.client.capture_exception(error)
    assert [len(each.events) for each in made] == [2, 2, 2]


@kinds
def test_what_becomes_of_an_exception_is_remembered_whatever_it_refuses(kind: type[BaseException]) -> None:
    once, other = Once(), Once()
    error = kind()
    assert once.find(error) is None
    for event_id in ("first", None, "second"):
        once.mark(error, event_id)
        assert once.find(error) == (event_id,)
    assert other.find(error) is None
    other.mark(error, "other")
    assert (once.find(error), other.find(error)) == (("second",), ("other",))
    raised(error)
    assert (once.find(error), other.find(error)) == (None, None)


@pytest.mark.parametrize("kind", [ValueError, MemoryError, Plain, Slotted], ids=lambda each: each.__name__)
def test_exceptions_that_are_made_one_after_the_other_are_never_taken_for_one(kind: type[BaseException]) -> None:
    once = Once()
    ids = set()
    for number in range(10_000):
        error = kind()
        ids.add(id(error))
        assert once.find(error) is None
        once.mark(error, str(number))
        assert once.find(error) == (str(number),)
        del error
    assert len(ids) < 10_000, "no id was used again, so nothing was shown"
    gc.collect()
    assert len(once._seen) == 0


def test_an_id_that_is_used_again_is_no_proof() -> None:
    once = Once()
    error, other = Plain(), Plain()
    once.mark(error, "id")
    once._seen[id(other)] = once._seen[id(error)]
    assert once.find(other) is None


def test_an_exception_that_is_gone_was_held_by_nobody(make: Make) -> None:
    made = make()
    gone: list[str] = []

    class Loud(Exception):
        def __del__(self) -> None:
            gone.append("gone")

    made.client.capture_exception(Loud())
    assert gone == ["gone"]


@kinds
def test_a_constant_that_is_raised_again_is_a_new_event(make: Make, kind: type[BaseException]) -> None:
    made = make()
    constant = kind()

    def work() -> None:
        try:
            raise constant
        except BaseException:
            made.client.capture_exception()
            raise

    for _ in range(3):
        try:
            work()
        except BaseException:
            made.client.capture_exception()
    assert len(made.events) == 3


def test_one_that_was_never_raised_is_known_until_it_is_raised(make: Make) -> None:
    made = make()
    error = ValueError()
    assert made.client.capture_exception(error) == made.client.capture_exception(error)
    raised(error)
    made.client.capture_exception(error)
    assert len(made.events) == 2


def test_one_that_is_wrapped_is_another(make: Make) -> None:
    made = make()
    try:
        try:
            raise ValueError
        except ValueError as error:
            made.client.capture_exception()
            raise Plain from error
    except Plain:
        made.client.capture_exception()
    assert [event["exception"]["values"][-1]["type"] for event in made.events] == ["ValueError", "Plain"]


def test_one_that_has_a_shorter_traceback_now_is_the_same(make: Make) -> None:
    made = make()
    try:
        try:
            raise ValueError
        except ValueError as error:
            made.client.capture_exception()
            raise error.with_traceback(None) from None
    except ValueError:
        made.client.capture_exception()
    assert len(made.events) == 1


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups")
def test_a_group_and_its_members_are_events_of_their_own(make: Make) -> None:
    made = make()
    member = raised(ValueError("member"))
    made.client.capture_exception(member)
    group: Any = builtins.__dict__["ExceptionGroup"]("group", [member, Plain()])
    made.client.capture_exception(raised(group))
    made.client.capture_exception(group)
    made.client.capture_exception(group.exceptions[0])
    made.client.capture_exception(group.exceptions[1])
    outermost = [event["exception"]["values"][-1]["type"] for event in made.events]
    assert outermost == ["ValueError", "ExceptionGroup", "Plain"]


def test_it_is_one_event_when_a_future_hands_it_on(make: Make) -> None:
    made = make()

    def work() -> NoReturn:
        try:
            raise ValueError
        except ValueError:
            made.client.capture_exception()
            raise

    async def awaiting(task: asyncio.Task[Any]) -> None:
        try:
            await task
        except ValueError:
            made.client.capture_exception()
            raise

    async def program() -> None:
        loop = asyncio.get_running_loop()
        task: Any = asyncio.ensure_future(loop.run_in_executor(None, work))
        both = await asyncio.gather(awaiting(task), awaiting(task), return_exceptions=True)
        assert both[0] is both[1]

    asyncio.run(program())
    with ThreadPoolExecutor(1) as pool:
        future: Future[Any] = pool.submit(work)
        for _ in range(2):
            try:
                future.result()
            except ValueError:
                made.client.capture_exception()
    assert len(made.events) == 2


def test_threads_that_capture_the_same_at_the_same_time_raise_nothing(make: Make) -> None:
    made = make()
    errors = [ValueError(), Plain()]
    meet = threading.Barrier(8)

    def work(_: int) -> None:
        meet.wait(10)
        for error in errors:
            assert made.client.capture_exception(error) is not None
            assert made.client.capture_exception(error) is not None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert 2 <= len(made.events) <= 16


# What is left of it on the exception


class Answer(Exception):
    """As they are in programs: with attributes that are told to others."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


def test_an_exception_of_the_programs_own_class_is_as_it_was(make: Make) -> None:
    made = make()
    error = raised(Answer(404, "none"))
    made.client.capture_exception(error)
    made.client.capture_exception(error)
    assert len(made.events) == 1
    assert json.dumps(vars(error)) == '{"code": 404, "text": "none"}'
    assert error == Answer(404, "none")
    assert error.args == (404, "none")


def captured_errors(made: Made) -> list[BaseException]:
    errors: list[BaseException] = [ValueError("v", 1), OSError(2, "no", "file"), Answer(1, "t"), Slotted("s")]
    errors = [raised(error) for error in errors]
    for error in errors:
        made.client.capture_exception(error)
    assert len(made.events) == 4
    return errors


def test_what_is_captured_shows_the_same_as_before(make: Make) -> None:
    errors = captured_errors(make())
    assert [repr(error) for error in errors][:2] == ["ValueError('v', 1)", "FileNotFoundError(2, 'no')"]
    assert [error.args for error in errors] == [("v", 1), (2, "no"), (1, "t"), ("s",)]
    assert str(errors[1]) == "[Errno 2] no: 'file'"


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_is_an_exception_of_its_own(make: Make, how: Any) -> None:
    made = make()
    for error in captured_errors(made):
        count = len(made.events)
        copied = how(error)
        assert (type(copied), copied.args) == (type(error), error.args)
        raised(copied)
        made.client.capture_exception(copied)
        made.client.capture_exception(copied)
        made.client.capture_exception(error)
        assert len(made.events) == count + 1
        how(how(copied))


def test_it_can_be_unpickled_where_there_is_no_raven(make: Make) -> None:
    pickled = [pickle.dumps(error) for error in captured_errors(make())[:2]]
    code = f"""
import sys
sys.modules["raven"] = None
import pickle
for each in {pickled!r}:
    print(repr(pickle.loads(each)))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.splitlines() == ["ValueError('v', 1)", "FileNotFoundError(2, 'no')"]


POOL = """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    class Own(Exception):
        def __init__(self, code):
            super().__init__(code)
            self.code = code

    client = None

    def work(kind):
        global client
        client = Client(DSN)
        try:
            raise kind(5)
        except Exception:
            say("child", client.capture_exception())
            raise

    if __name__ == "__main__":
        client = Client(DSN)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            for kind in (ValueError, Own):
                try:
                    pool.submit(work, kind).result()
                except Exception as error:
                    assert type(error) is kind and error.args == (5,), error
                    say("parent", client.capture_exception())
"""


def test_it_comes_back_from_a_pool_of_processes(server: CountingServer, start: Start) -> None:
    ended = start(POOL, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert len(ended.said("child")) == len(ended.said("parent")) == 2
    assert server.counts == dict.fromkeys(ended.said("child") + ended.said("parent"), 1)


def test_an_exception_that_is_met_at_each_level_of_a_recursion_is_one_event(make: Make) -> None:
    made = make()

    def descend(levels: int) -> None:
        try:
            if not levels:
                raise Slotted
            descend(levels - 1)
        except Slotted as error:
            made.client.capture_exception(error)
            raise

    with pytest.raises(Slotted):
        descend(3)
    assert made.client.stats().accepted == 1
