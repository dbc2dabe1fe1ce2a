"""A stack is a value, and refuses what can't work."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

import raven.pipeline
from raven.errors import InvalidOption, InvalidStack
from raven.pipeline import (
    Compress,
    Context,
    Envelope,
    Queue,
    RateLimit,
    Retry,
    Serialize,
    Sign,
    Stack,
    Stage,
    Store,
    Timeout,
    stage,
)
from raven.pipeline.defaults import BACKGROUND
from raven.pipeline.foreground import FOREGROUND
from raven.request import Request, Response, Send
from raven.sinks import Sink
from raven.sinks.urllib3 import Urllib3Sink
from raven.testing import FakeRuntime, MemorySink, ScriptedSink
from raven.transport.http import HTTPTransport
from raven.transport.threaded import ThreadedHTTPTransport

from .helpers import DSN, new_request


@stage
async def tag_host(request: Request, send: Send) -> Response:
    return await send(request)


class Mark(Stage):
    """Writes its mark into the body on the way down, and into the answer on the way up."""

    mark: str = ""

    def bind(self, send: Send, context: Context) -> Send:
        async def marking(request: Request) -> Response:
            request.body = (request.body or b"") + self.mark.encode()
            response = await send(request)
            return Response(response.status, {}, response.body + self.mark.encode())

        return marking


class Pool(Mark):
    """Its option is another name for one of Queue's."""

    pool_size: int = 1


class SuspendingSink(MemorySink):
    suspends = True


SINK = Urllib3Sink()
FULL = Stack(*BACKGROUND, sink=SINK)


def roles(stack: Stack) -> str:
    return " ".join(type(part).__name__ for part in stack.stages)


def test_a_request_passes_the_stages_in_their_order_and_the_answer_in_reverse() -> None:
    @stage
    async def first(request: Request, send: Send) -> Response:
        request.body = b"1"
        response = await send(request)
        answers.append(response.body)
        return response

    @stage
    async def second(request: Request, send: Send) -> Response:
        request.body = (request.body or b"") + b"2"
        response = await send(request)
        return Response(200, {}, response.body + b"2")

    answers: list[bytes] = []
    sink = ScriptedSink([Response(200, {}, b"sink")])
    bound = Stack(first, second, Mark("3"), sink=sink).bind(DSN, runtime=FakeRuntime())
    bound.send(new_request())
    assert [request.body for request in sink.received] == [b"123"]
    assert answers == [b"sink32"]


def test_a_sink_alone_is_a_stack() -> None:
    sink = MemorySink()
    Stack(sink=sink).bind(DSN).send(new_request("a"))
    assert [request.body for request in sink.requests] == [b"a"]


NEEDS_FRAME = "needs Envelope or Store above it"


@pytest.mark.parametrize(
    ("stages", "sink", "message"),
    [
        ([Compress()], MemorySink(), "Compress needs Serialize above it: it compresses the body that is made there"),
        ([Envelope()], MemorySink(), "Envelope needs Serialize above it: it frames the body that is made there"),
        ([Store()], MemorySink(), "Store needs Serialize above it: it sends the body that is made there"),
        ([Envelope(), Serialize()], MemorySink(), "Envelope needs Serialize above it"),
        ([], SINK, f"Urllib3Sink {NEEDS_FRAME}: it posts the body that is framed there"),
        ([Serialize()], SINK, f"Urllib3Sink {NEEDS_FRAME}"),
        (
            [Serialize(), Envelope(), Queue()],
            SINK,
            "Envelope can't stand above Queue: the time of sending that it writes would be the time of queueing",
        ),
        (
            [Serialize(), Compress(level=3), Envelope()],
            SINK,
            "Compress can't stand above Envelope: the frame is a part of what is compressed",
        ),
        ([Serialize(), Compress(), Store()], SINK, "Compress can't stand above Store"),
        ([RateLimit(), Queue()], MemorySink(), "RateLimit can't stand above Queue: it would see no answer"),
        ([Retry(), tag_host, Queue(workers=2)], MemorySink(), "Retry can't stand above Queue: it would see no failure"),
        ([Timeout(), Queue()], MemorySink(), "Timeout can't stand above Queue: the time spent waiting in the queue"),
        ([Queue(), tag_host, Queue(workers=2)], MemorySink(), "there is more than one queue: Queue and Queue"),
        ([tag_host], SuspendingSink(), "SuspendingSink needs a Queue above it: it suspends, and whoever sends can't"),
        ([Pool(), Queue()], MemorySink(), "Pool and Queue both have an option pool_size: rename one"),
        ([Mark("1"), Mark("2")], MemorySink(), "Mark and Mark both have an option mark: rename one"),
        ([Serialize, Queue()], MemorySink(), "<class 'raven.pipeline.serialize.Serialize'> is not a stage (write its"),
        (["text"], MemorySink(), "'text' is not a stage"),
        ([MemorySink()], MemorySink(), "MemorySink() is not a stage"),
        ([], tag_host, "tag_host is not a sink"),
        ([], MemorySink, "<class 'raven.sinks.memory.MemorySink'> is not a sink"),
        ([], None, "a stack needs a sink: Stack(..., sink=Urllib3Sink())"),
    ],
)
def test_what_cannot_work_is_refused_and_the_error_names_the_stages(stages: list[Any], sink: Any, message: str) -> None:
    with pytest.raises(InvalidStack) as raised:
        Stack(*stages, sink=sink)
    assert str(raised.value).startswith(message)
    assert ("(write its parentheses)" in str(raised.value)) == (stages[:1] == [Serialize])


def test_a_stage_of_ones_own_can_take_a_role() -> None:
    class Pickle(Stage):
        role = "serialize"

    class Picky(Stage):
        needs: ClassVar[dict[str, str]] = {"polish": "it is picky"}

    Stack(Pickle(), Envelope(), sink=SINK)
    with pytest.raises(InvalidStack, match=r"^Picky needs polish above it: it is picky$"):
        Stack(Picky(), sink=MemorySink())
    Stack(Queue(), sink=SuspendingSink())


def test_other_orders_that_work_are_allowed() -> None:
    Stack(Queue(), Serialize(), Timeout(), Retry(), Store(), Compress(), Sign(), RateLimit(), sink=SINK)


def test_replace_puts_a_stage_in_the_place_of_one_of_its_class() -> None:
    changed = FULL.replace(Retry(attempts=2))
    at = FULL.stages.index(Retry())
    assert changed.stages == (*FULL.stages[:at], Retry(attempts=2), *FULL.stages[at + 1 :])
    assert changed.sink is FULL.sink


def test_replace_can_name_the_place_by_class_or_by_value() -> None:
    assert FULL.replace(Envelope, Store()) == FULL.replace(Envelope(), Store())
    assert FULL.replace(Envelope, Store()).stages.index(Store()) == FULL.stages.index(Envelope())
    doubled = Stack(tag_host, Mark("1"), sink=MemorySink())
    assert doubled.replace(tag_host, Queue()).stages == (Queue(), Mark("1"))


def test_replace_can_replace_the_sink() -> None:
    sink = MemorySink()
    assert FULL.replace(sink).sink is sink
    assert FULL.replace(sink).stages == FULL.stages


def test_before_and_after_add_stages() -> None:
    assert roles(FULL.before(Queue, tag_host)).startswith("Serialize FunctionStage Queue Report")
    assert roles(FULL.after(Serialize(), tag_host, Mark())).startswith("Serialize FunctionStage Mark Queue Report")
    assert FULL.before(Queue, tag_host) == FULL.after(Serialize, tag_host)
    assert FULL.before(Queue, tag_host).sink is FULL.sink
    assert FULL.before(Serialize, tag_host).stages == (tag_host, *FULL.stages)
    assert FULL.after(Timeout, tag_host).stages == (*FULL.stages, tag_host)


def test_without_takes_a_stage_out() -> None:
    assert FULL.without(Compress).stages == tuple(stage for stage in FULL.stages if stage != Compress())
    assert FULL.without(Compress()).sink is FULL.sink
    with pytest.raises(InvalidStack, match="Shrink needs Serialize"):
        FULL.without(Serialize)


@pytest.mark.parametrize("place", [Store, Retry(attempts=99), tag_host], ids=repr)
def test_a_place_that_is_not_there_is_named(place: Any) -> None:
    name = "Store" if place is Store else repr(place)
    for derive in (FULL.before, FULL.after, FULL.replace):
        with pytest.raises(InvalidStack) as raised:
            derive(place, Mark())
        assert str(raised.value) == f"there is no {name} in {FULL!r}"
    with pytest.raises(InvalidStack, match="there is no"):
        FULL.without(place)


def test_replace_by_class_needs_a_stage() -> None:
    with pytest.raises(InvalidStack, match=r"^replace\(Retry\) needs the stage that is to take its place$"):
        FULL.replace(Retry)


def test_an_equal_stage_is_found_before_another_one_of_its_class() -> None:
    class Second(Stage):
        pass

    stack = Stack(tag_host, Second(), sink=MemorySink())
    assert stack.without(Second).stages == (tag_host,)
    assert stack.without(Second()).stages == (tag_host,)
    assert stack.without(type(tag_host)).stages == (Second(),)


def evaluated(stack: Stack) -> Any:
    return eval(
        repr(stack),
        {
            **{name: getattr(raven.pipeline, name) for name in raven.pipeline.__all__},
            **{kind.__name__: kind for kind in (Urllib3Sink, HTTPTransport, ThreadedHTTPTransport)},
        },
    )


@pytest.mark.parametrize(
    "stack",
    [
        FULL,
        Stack(*FOREGROUND, sink=SINK),
        FULL.replace(Retry(mode="spec", statuses=frozenset({500}), backoff=0.25)).without(RateLimit),
        FULL.replace(Urllib3Sink(verify_ssl=False)),
        ThreadedHTTPTransport(),
        ThreadedHTTPTransport(timeout=5, queue_size=10),
        HTTPTransport(verify_ssl=False),
    ],
)
def test_the_repr_makes_an_equal_stack(stack: Stack) -> None:
    again = evaluated(stack)
    assert again == stack
    assert hash(again) == hash(stack)
    assert type(again) is type(stack)


def test_a_prebuilt_class_is_shown_short_only_as_it_was_built() -> None:
    assert repr(ThreadedHTTPTransport()) == "ThreadedHTTPTransport()"
    assert repr(ThreadedHTTPTransport().with_options({})) == "ThreadedHTTPTransport()"
    assert repr(ThreadedHTTPTransport(timeout=5)).startswith("ThreadedHTTPTransport(Serialize(), Queue(), ")
    assert "Timeout(timeout=5)" in repr(ThreadedHTTPTransport(timeout=5))
    assert repr(Stack(Serialize(), sink=MemorySink())) == "Stack(Serialize(), sink=MemorySink())"
    assert repr(Stack(sink=MemorySink())) == "Stack(sink=MemorySink())"


class NoStages(Stack):
    sink = SINK


def test_a_class_with_a_sink_alone_is_shown_with_its_stages() -> None:
    assert repr(NoStages(Serialize(), Envelope())) == "NoStages(Serialize(), Envelope(), sink=Urllib3Sink())"


def test_stacks_are_equal_if_their_parts_are() -> None:
    assert FULL == Stack(*BACKGROUND, sink=Urllib3Sink()) == ThreadedHTTPTransport()
    assert len({FULL, Stack(*BACKGROUND, sink=Urllib3Sink())}) == 1
    for other in (FULL.without(Compress), FULL.replace(Urllib3Sink(connections=1)), "FULL"):
        assert other != FULL
    sink: Sink = MemorySink()
    assert Stack(sink=sink) == Stack(sink=sink) != Stack(sink=MemorySink())


def test_options_by_name_reach_the_part_that_has_them() -> None:
    stack = ThreadedHTTPTransport(timeout=5, queue_size=10, verify_ssl=False)
    assert stack == FULL.replace(Timeout(timeout=5)).replace(Queue(queue_size=10)).replace(
        Urllib3Sink(verify_ssl=False)
    )
    assert ThreadedHTTPTransport() == FULL


def test_options_of_a_dsn_reach_the_part_that_has_them() -> None:
    texts = {"timeout": "2.5", "workers": "3", "encoding": "none", "verify_ssl": "0", "statuses": "500,502"}
    stack = ThreadedHTTPTransport().with_options(texts)
    assert type(stack) is ThreadedHTTPTransport
    assert stack == ThreadedHTTPTransport(
        timeout=2.5, workers=3, encoding="none", verify_ssl=False, statuses=frozenset({500, 502})
    )


def test_the_dsn_beats_the_code() -> None:
    assert ThreadedHTTPTransport(timeout=9, workers=2).with_options({"timeout": "5"}) == ThreadedHTTPTransport(
        timeout=5, workers=2
    )


def test_option_names_are_those_of_all_parts() -> None:
    stack = Stack(Timeout(), Serialize(), tag_host, Compress(), RateLimit(), sink=MemorySink())
    assert stack.option_names() == (
        "compress_above",
        "encoding",
        "level",
        "longest_limit",
        "max_event_size",
        "timeout",
    )
    assert {"timeout", "verify_ssl", "ca_certs"} <= set(FULL.option_names())


def test_an_unknown_option_is_refused_and_all_accepted_ones_are_named() -> None:
    stack = Stack(Queue(), Timeout(), sink=MemorySink())
    accepted = "overflow, overflow_timeout, queue_bytes, queue_size, shutdown_timeout, timeout, worker_idle, workers"
    message = rf"^there is no option tmeout; this transport has {accepted}$"
    with pytest.raises(InvalidOption, match=message):
        stack.with_options({"timeout": "1", "tmeout": "s3cret"})
    with pytest.raises(InvalidOption, match=message):
        Stack(Queue(), Timeout(), sink=MemorySink(), timeout=1, tmeout="s3cret")


def test_a_value_that_is_not_accepted_is_not_shown() -> None:
    with pytest.raises(InvalidOption, match=r"^timeout: a number of seconds greater than 0 is accepted$"):
        FULL.with_options({"timeout": "s3cret"})


def test_a_stage_of_ones_own_gets_its_options_from_the_dsn() -> None:
    stack = FULL.before(Queue, Mark("code")).with_options({"mark": "dsn"})
    assert stack.stages[1] == Mark("dsn")


def test_one_stack_serves_two_clients_that_share_nothing() -> None:
    sink = ScriptedSink([429, 200])
    stack = Stack(RateLimit(), sink=sink)
    first, second = (stack.bind(DSN, runtime=FakeRuntime()) for _ in range(2))
    for bound in (first, first, second):
        bound.send(new_request())
    assert dict(first.stats().dropped) == {"rate_limited": 1, "ratelimit_backoff": 1}
    assert dict(second.stats().dropped) == {"rate_limited": 1}
    assert first.stats().accepted == 2


def test_the_prebuilt_orders() -> None:
    below = "Report RateLimit Shrink Envelope Compress Sign Retry Breaker Timeout"
    assert roles(FULL) == f"Serialize Queue {below}"
    assert roles(HTTPTransport()) == f"Serialize {below}"
    assert Retry(attempts=2, total_timeout=2.5) in HTTPTransport().stages
