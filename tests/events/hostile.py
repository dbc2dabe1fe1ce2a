"""Values as a failing program may hold them: nested anyhow, refusing, lying, endless, and with secrets in them.

A long run: RAVEN_LONG=1 python -m pytest tests/events/test_hostile.py
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import json
import os
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from raven.events.values import Simplifier

settings.register_profile(
    "long", max_examples=100_000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
LONG = bool(os.environ.get("RAVEN_LONG"))
SETTINGS = settings.get_profile("long") if LONG else settings(max_examples=300, deadline=None)

PLANTED = "qZ7planted9Kx"
SIGHT = "qZ7"
"""No other text here has it: where it is seen, a part of a secret is."""

# Objects that raise


RAISED: list[type[BaseException]] = [
    *(ValueError, RecursionError, MemoryError, SystemExit, GeneratorExit, StopIteration, AttributeError, RuntimeError)
]
REFUSED = (
    *("__repr__", "__str__", "__format__", "__bytes__", "__len__", "__iter__", "__contains__", "__getitem__"),
    *("__getattr__", "__getattribute__", "__dir__", "__eq__", "__ne__", "__lt__", "__bool__", "__int__", "__index__"),
    *("__float__", "__sub__", "__reduce_ex__", "items", "keys", "values", "get", "bit_length", "encode", "isprintable"),
)
BASES: list[tuple[type, tuple[Any, ...]]] = [
    (object, ()),
    (dict, ({"a": 1},)),
    (list, ([1, 2],)),
    (tuple, ((1, 2),)),
    (set, ({1},)),
    (frozenset, ({1},)),
    (str, ("text",)),
    (int, (5,)),
    (int, (10**400,)),
    (float, (1.5,)),
    (bytes, (b"ab",)),
    (bytearray, (b"ab",)),
    (collections.deque, ([1],)),
    (collections.UserDict, ()),
    (types.SimpleNamespace, ()),
    (Exception, ("text",)),
    (KeyError, ("text",)),
    (OSError, (5, "text")),
    (datetime.date, (2024, 5, 6)),
    (decimal.Decimal, ("1.5",)),
]


def refusing(kind: type, raised: type[BaseException], hash_too: bool) -> type:
    """A subclass of which every method raises that an onlooker might call."""

    def refuse(self: object, *arguments: object, **options: object) -> NoReturn:
        raise raised("not for you")

    methods: dict[str, Any] = dict.fromkeys(REFUSED, refuse)
    methods["__class__"] = property(refuse)
    methods["__hash__"] = refuse if hash_too else object.__hash__
    return type("Refusing", (kind,), methods)


REFUSING = [(refusing(kind, raised, False), arguments) for kind, arguments in BASES for raised in RAISED]
UNHASHABLE = [(refusing(kind, raised, True), arguments) for kind, arguments in BASES for raised in RAISED[:2]]


class Meta(type):
    """A class of classes whose own attributes all raise."""

    def refuse(cls, *arguments: object) -> NoReturn:
        raise ValueError("not for you")

    __eq__ = __subclasscheck__ = __instancecheck__ = __repr__ = __getattribute__ = __call__ = refuse
    __name__ = __module__ = property(refuse)
    __hash__ = None  # type: ignore[assignment]


def strange(instance: bool) -> Any:
    """A class of that kind, or an instance of it. Not kept in this module, whose names pytest looks at."""
    kind = type.__call__(Meta, "Strange", (), {"__repr__": lambda self: 1 / 0})
    return object.__new__(kind) if instance else kind


# Objects that answer with nonsense


class Text(str):
    """Text that refuses to be used."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise ValueError("not for you")

    __str__ = __len__ = __getitem__ = encode = __add__ = __contains__ = isascii = isprintable = refuse  # type: ignore[assignment]


def answering(answer: Any) -> object:
    """An object whose `repr`, `str` and so on all return this."""

    class Answering:
        def answer(self, *arguments: object) -> Any:
            return answer

        __repr__ = __str__ = __len__ = __iter__ = __getattr__ = __eq__ = answer
        __hash__ = object.__hash__

    return Answering()


class Liar:
    """Claims to be a dict."""

    __class__ = dict  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "liar"


class Recursive:
    """Has no end, and goes there over the stack."""

    def __repr__(self) -> str:
        return f"{[self]!r}"


class Other:
    """One of two that show each other."""

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth

    def __repr__(self) -> str:
        return f"{Other(self.depth + 1)!r}"


class Endless:
    """Has no end, and stays where it is."""

    def __repr__(self) -> str:
        while True:
            pass


class Generating:
    """Has no end, and nothing stops it, it thinks."""

    def __repr__(self) -> str:
        def numbers() -> Iterator[int]:
            while True:
                try:
                    yield 1
                except Exception:
                    continue

        return str(sum(numbers()))


class Lying(dict[Any, Any]):
    """A dict that tells of itself what is not so."""

    def __len__(self) -> int:
        return 10**9

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield "password"

    def items(self) -> Any:
        return iter(self)

    def __getitem__(self, key: object) -> Any:
        return self


class Color(enum.Enum):
    RED = "red"
    HIDDEN = f"password={PLANTED}"


class Flag(enum.IntFlag):
    A = 1
    B = 2


# Objects with fields


class Pair(NamedTuple):
    left: Any
    password: Any


@dataclass
class Fields:
    value: Any
    api_key: Any = PLANTED
    unseen: Any = field(default=PLANTED, repr=False)


@dataclass(slots=True, frozen=True, eq=False)
class Slots:
    value: Any
    token: Any = PLANTED


@dataclass(eq=False)
class Missing:
    value: Any

    def __post_init__(self) -> None:
        del self.value


class Plain:
    """Has attributes, and no `repr` of its own."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.secret_key = PLANTED
        self.headers = [("X-Api-Key", PLANTED), (b"cookie", PLANTED.encode())]


class Telling:
    """Says in its `repr` what it should not."""

    def __repr__(self) -> str:
        return f"Telling(user='x', password='{PLANTED}', n=1)"


class OwnError(Exception):
    """Says in its `str` what it should not."""

    def __str__(self) -> str:
        return f"could not connect to postgres://user:{PLANTED}@host/db"


# Texts in which a secret is.
TEXTS = [
    f"password={PLANTED}",
    f"login(user='x', password='{PLANTED}')",
    f"token: {PLANTED}, n: 1",
    f"Authorization: Bearer {PLANTED}",
    f"Cookie: a={PLANTED}; b={PLANTED}",
    f"a=1&access_token={PLANTED}&b=2",
    f"user%5Bpassword%5D={PLANTED}",
    f"postgres://user:{PLANTED}@host/db",
    f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\n",
    f"mysql --password {PLANTED} x",
    f"<a><password>{PLANTED}</password></a>",
    json.dumps({"user": "x", "password": PLANTED}),
    json.dumps(json.dumps({"user": "x", "password": [PLANTED, {"a": PLANTED}]})),
    repr({"user": "x", "api_key": PLANTED}),
    repr([("X-Api-Key", PLANTED), (b"Cookie", PLANTED.encode())]),
    "x" * 60 + f" password={PLANTED}" + PLANTED * 100,
]
NAMES = ["password", "db_password", "apiKey", "X-Api-Key", "access_token", "Cookie", "session", "authorization", "pin"]

# All of it


def looping(value: Any) -> Any:
    """The value in a list, a dict, a deque and an object that all have each other."""
    ring: list[Any] = [value]
    own = Plain(ring)
    queue = collections.deque([ring, own])
    ring.append({"ring": ring, "own": own, "queue": queue})
    queue.append(queue)
    return ring


def doubling(value: Any) -> Any:
    """Few objects, of which a copy without a bound would be 2 ** 100 large."""
    for number in range(100):
        value = [value, value] if number % 3 else ValueError(value, value) if number % 2 else {"a": value, "b": value}
    return value


def deep(value: Any) -> Any:
    """Under a thousand of each."""
    wrap: list[Callable[[Any], Any]] = [lambda it: [it], lambda it: {"a": it}, ValueError, Fields, Plain]
    for number in range(1_000):
        value = wrap[number % len(wrap)](value)
    return value


def made(choices: list[Any], make: Callable[[Any], Any]) -> Any:
    """What `make` makes of one of the choices. Not by `sampled_from`, which asks what it gets for its class."""
    return st.integers(0, len(choices) - 1).map(lambda number: make(choices[number]))


TEXT = st.text(st.characters(exclude_characters="q"), max_size=40)
LEAF: Any = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 4_000).map(lambda bits: -1 << bits),
    st.floats(),
    st.complex_numbers(),
    TEXT,
    TEXT.map(lambda text: text * 1_000),
    st.binary(max_size=40).filter(lambda each: b"q" not in each),
    st.binary(max_size=40).map(bytearray).filter(lambda each: b"q" not in each),
    st.datetimes(),
    st.decimals(),
    st.sampled_from([*Color, *Flag, Flag.A | Flag.B]),
    st.sampled_from([int, Color, Fields, len, lambda: 0, json, NotImplemented, ..., range(10**9)]),
    made(REFUSING, lambda pair: pair[0](*pair[1])),
    made([object, Liar, Recursive, Other, Lying, Telling, OwnError], lambda kind: kind()),
    made([5, None, b"x", Text("own"), "x" * 100_000, "\udcff" * 2_000, *TEXTS], answering),
    st.booleans().map(lambda instance: [strange(instance)]),
    st.sampled_from(TEXTS),
    st.sampled_from(TEXTS).map(str.encode),
    st.sampled_from(TEXTS).map(lambda text: ValueError(text, 5)),
)
HASHABLE = st.one_of(
    LEAF.filter(lambda each: _has_hash(each)),
    st.tuples(TEXT, TEXT),
    st.frozensets(TEXT, max_size=3),
    st.sampled_from([*TEXTS, "...", "__class__", "__builtins__", ""]),
)


def _has_hash(value: Any) -> bool:
    try:
        hash(value)
    except Exception:
        return False
    return True


def _nested(inner: Any) -> Any:
    lists = st.lists(inner, max_size=5)
    # Not by `dictionaries`, which look at the keys.
    dicts = st.lists(st.tuples(HASHABLE, inner), max_size=5).map(dict)
    return st.one_of(
        lists,
        lists.map(tuple),
        lists.map(lambda items: collections.deque(items, maxlen=4)),
        lists.map(lambda items: array.array("d", range(len(items)))),
        lists.map(lambda items: ValueError(*items)),
        lists.map(lambda items: ExceptionGroupLike(*items)),
        lists.map(lambda items: dict(enumerate(items)).values()),
        lists.map(lambda items: dict(enumerate(items)).items()),
        lists.map(lambda items: types.SimpleNamespace(password=PLANTED, items=items)),
        lists.map(lambda items: {name: [PLANTED, items] for name in NAMES}),
        st.lists(HASHABLE, max_size=5).map(frozenset),
        dicts,
        dicts.map(Lying),
        dicts.map(collections.OrderedDict),
        st.dictionaries(TEXT, TEXT, max_size=5).map(types.MappingProxyType),
        dicts.map(lambda names: dict(names).keys()),
        inner.map(lambda value: Pair(value, [PLANTED, value])),
        inner.map(lambda value: Pair(value, PLANTED)),
        inner.map(Fields),
        inner.map(Slots),
        inner.map(Missing),
        inner.map(Plain),
        inner.map(lambda value: [value] * 300),
        inner.map(looping),
        st.builds(lambda name, value: {name: [PLANTED, value]}, st.sampled_from(NAMES), inner),
        st.builds(lambda name, value: {name.encode(): {"a": PLANTED}}, st.sampled_from(NAMES), inner),
        st.builds(
            lambda name, value: [value, (name, PLANTED), (name.encode(), PLANTED)], st.sampled_from(NAMES), inner
        ),
        st.builds(lambda name, value: ["run", f"--{name}", PLANTED, value], st.sampled_from(NAMES), inner),
    )


class ExceptionGroupLike(Exception):
    """Has a cause and a context of its own."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.__cause__ = self.__context__ = OwnError()
        self.password = PLANTED


ANYTHING: Any = st.recursive(LEAF, _nested, max_leaves=12)
RARE: Any = st.one_of(
    made([Endless, Generating], lambda kind: kind()),
    made(UNHASHABLE, lambda pair: pair[0](*pair[1])),
    ANYTHING.map(doubling),
    ANYTHING.map(deep),
    ANYTHING.map(lambda value: [[[value] * 1_000] * 1_000] * 1_000),
    st.just(0).map(lambda _: [[[0] * 1_000] * 1_000] * 1_000),
)
"""What costs much time, or would."""


class Box:
    """Has a value in it, which it keeps from being shown by whoever reports a failure."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        try:
            return f"Box({Simplifier(seconds=0.01, nodes=50).simplify(self.value)})"
        except BaseException as error:
            return f"<Box of a {type.__dict__['__name__'].__get__(type(self.value))}: {type(error).__name__}>"


@st.composite
def _boxes(draw: st.DrawFn) -> Box:
    return Box(draw(RARE if draw(st.integers(0, 19)) == 0 else ANYTHING))


VALUES = _boxes()


def reported(check: Callable[[], None]) -> None:
    """Call it. A failure is told in words, without its frames: who shows those would ask the values in them."""
    try:
        check()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        text = "".join(traceback.format_exception(error))
    else:
        return
    raise AssertionError(text)
