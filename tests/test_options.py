"""Options: what each type accepts, how text is read, and messages that keep values to themselves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raven.errors import InvalidOption
from raven.frozen import made_by
from raven.options import Configured, option, options_of
from raven.pipeline import Queue
from raven.secret import Secret

SECRET = "s3cret\x07"


class Sample(Configured):
    whole: int = option(5, minimum=1)
    number: float = option(1.5, minimum=0)
    above: float = option(1.0, above=0, unit="seconds")
    bounded: int = option(600, minimum=512, unit="bytes")
    plain: int = 0
    text: str = "text"
    maybe: str | None = None
    flag: bool = True
    choice: Literal["gzip", "none"] = "gzip"
    level: Literal[1, 2] = 1
    statuses: frozenset[int] = frozenset({503})
    percent: int = option(50, minimum=0, maximum=100)
    codes: frozenset[int] = option(frozenset({500}), minimum=400, maximum=599)
    maybe_number: float | None = option(None, above=0)
    maybe_old: Optional[int] = option(None, minimum=1)  # noqa: UP045  # the old way to write it counts as well
    union: None | bool = None  # noqa: RUF036  # in this order as well
    hidden: str | Secret | None = None

    role: ClassVar[str] = "no option"
    function: Callable[[], None] | None = None
    either: int | str = 1
    either_or_none: int | str | None = None
    numbers: tuple[int, ...] = ()


NAMES = {
    "whole", "number", "above", "bounded", "plain", "text", "maybe", "flag", "choice", "level", "statuses",
    "maybe_number", "maybe_old", "union", "percent", "codes", "hidden",
}  # fmt: skip

WHOLE = "a whole number"
MESSAGES = {
    "whole": f"{WHOLE} that is at least 1",
    "number": "a number that is at least 0",
    "above": "a number of seconds greater than 0",
    "bounded": f"{WHOLE} of bytes that is at least 512",
    "plain": WHOLE,
    "text": "printable text",
    "maybe": "printable text, or none",
    "flag": "1 or 0",
    "choice": "one of gzip, none",
    "level": "one of 1, 2",
    "statuses": "a list of whole numbers with commas between them",
    "percent": f"{WHOLE} from 0 to 100",
    "codes": "a list of whole numbers with commas between them from 400 to 599",
    "maybe_number": "a number greater than 0, or none",
    "maybe_old": f"{WHOLE} that is at least 1, or none",
    "union": "1 or 0, or none",
    "hidden": "printable text, or none",
}


STATUSES: list[object] = [{"5"}, {True}, [500, "5"], 500, "500", None, {5.0}]


def test_the_fields_that_text_can_set_are_options() -> None:
    assert set(options_of(Sample)) == NAMES
    assert options_of(Sample) is options_of(Sample)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("whole", "1", 1),
        ("whole", "1000", 1000),
        ("number", "0", 0.0),
        ("number", "2.5", 2.5),
        ("number", "1e3", 1000.0),
        ("above", "0.001", 0.001),
        ("bounded", "512", 512),
        ("plain", "-3", -3),
        ("text", "", ""),
        ("text", "none", "none"),
        ("text", "größer", "größer"),
        ("maybe", "", None),
        ("maybe", "NONE", None),
        ("maybe", "nonesuch", "nonesuch"),
        *[("flag", text, True) for text in ("1", "true", "YES", "on")],
        *[("flag", text, False) for text in ("0", "false", "No", "off")],
        ("choice", "none", "none"),
        ("level", "2", 2),
        ("statuses", "500,502", frozenset({500, 502})),
        ("statuses", "500,", frozenset({500})),
        ("statuses", "", frozenset()),
        ("maybe_number", "none", None),
        ("maybe_number", "2", 2.0),
        ("maybe_old", "3", 3),
        ("union", "0", False),
        ("percent", "0", 0),
        ("percent", "100", 100),
        ("codes", "400,599", frozenset({400, 599})),
        ("union", "", None),
    ],
)
def test_text_is_read_by_the_type(name: str, text: str, value: object) -> None:
    read = getattr(Sample().with_options({name: text}), name)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("whole", text) for text in ("0", "-1", "1.5", "", "none", "1" * 5_000)],
        *[("number", text) for text in ("-0.001", "nan", "inf", "-inf", "1e999", "1" * 400, "")],
        *[("above", text) for text in ("0", "-1", "nan")],
        ("bounded", "511"),
        *[("text", text) for text in ("a\nb", "\x00", "\u2028", "\ud800")],
        ("maybe", "a\tb"),
        *[("flag", text) for text in ("2", "", "none", "y", "ja")],
        *[("choice", text) for text in ("GZIP", "", "br")],
        *[("level", text) for text in ("3", "01", "None")],
        *[("statuses", text) for text in ("500;502", "a", "5.0")],
        *[("maybe_number", text) for text in ("0", "soon")],
        ("union", "2"),
        *[("percent", text) for text in ("-1", "101")],
        *[("codes", text) for text in ("399", "500,600")],
        *[(name, SECRET) for name in sorted(NAMES)],
    ],
)
def test_text_that_is_not_accepted_is_named_by_its_option_and_not_shown(name: str, text: str) -> None:
    with pytest.raises(InvalidOption) as raised:
        Sample().with_options({name: text})
    assert str(raised.value) == f"{name}: {MESSAGES[name]} is accepted"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whole", 1),
        ("whole", 10**400),
        ("number", 0),
        ("number", 1.7976931348623157e308),
        ("above", 5e-324),
        ("plain", -5),
        ("maybe", None),
        ("maybe", ""),
        ("flag", False),
        ("choice", "none"),
        ("level", 2),
        ("statuses", frozenset()),
        ("maybe_number", None),
        ("union", None),
        ("either", object()),
        ("function", 1),
        ("numbers", None),
    ],
)
def test_a_value_that_is_accepted_stands_as_it_is(name: str, value: Any) -> None:
    assert getattr(Sample(**{name: value}), name) is value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("whole", value) for value in (0, 1.0, True, "1", None)],
        *[("number", value) for value in (-1, math.nan, math.inf, -math.inf, 10**400, True, "1", None)],
        *[("above", value) for value in (0, 0.0, -1)],
        *[("text", value) for value in (b"", None, 1, "\x7f")],
        ("maybe", 1),
        *[("flag", value) for value in (2, -1, 1.0, "1", None)],
        *[("choice", value) for value in ("br", None, 1, b"")],
        *[("statuses", value) for value in STATUSES],
        *[("maybe_number", value) for value in (0, True)],
        ("union", 2),
        *[("percent", value) for value in (-1, 101)],
        ("codes", {399}),
        ("codes", [600]),
    ],
)
def test_a_value_that_is_not_accepted_is_named_by_its_option(name: str, value: Any) -> None:
    with pytest.raises(InvalidOption) as raised:
        Sample(**{name: value})
    assert str(raised.value) == f"{name}: {MESSAGES[name]} is accepted"


def test_text_is_checked_before_there_is_a_value() -> None:
    kind = options_of(Sample)["whole"]
    assert kind.read("whole", "1") == 1
    for text in ("0", "none", SECRET):
        with pytest.raises(InvalidOption, match=r"^whole: a whole number that is at least 1 is accepted$"):
            kind.read("whole", text)


@pytest.mark.parametrize("kind", [set, list, tuple, frozenset])
def test_a_collection_becomes_a_part_of_the_value(kind: type[Any]) -> None:
    statuses = kind([500])
    sample = Sample(statuses=statuses)
    if isinstance(statuses, set):
        statuses.add(502)
    assert sample.statuses == frozenset({500})
    assert sample == Sample(statuses=frozenset({500}))
    assert hash(sample) == hash(Sample(statuses=frozenset({500})))


def test_1_and_0_are_as_good_as_true_and_false() -> None:
    sample = Sample(flag=0, union=1)  # type: ignore[arg-type]  # the documented values are numbers
    assert (sample.flag, sample.union) == (False, True)
    assert (type(sample.flag), type(sample.union)) == (bool, bool)
    assert Sample(union=None).union is None
    assert sample == Sample(flag=False, union=True)


def test_what_others_declare_is_left_to_them() -> None:
    sample = Sample()
    assert sample.with_options({"timeout": "5"}) is sample
    assert sample.with_options({}) is sample
    assert sample.with_options({"whole": "7", "timeout": "5"}) == Sample(whole=7)
    assert sample == Sample()


def test_what_text_cannot_set_is_no_option() -> None:
    sample = Sample()
    for name in ("role", "function", "either", "either_or_none", "numbers", "made"):
        assert sample.with_options({name: "1"}) is sample


def test_a_secret_is_kept_as_one() -> None:
    given, read = Sample(hidden="s3cret"), Sample().with_options({"hidden": "s3cret"})
    assert given == read == Sample(hidden=Secret("s3cret")) == given.with_options({"whole": "5"})
    assert given != Sample(hidden="other") != Sample()
    assert read.hidden == Secret("s3cret")
    assert repr(given) == "Sample(hidden=***)"
    assert given.with_options({"hidden": "none"}) == Sample()
    for wrong in (SECRET, 5, b"s3cret"):
        with pytest.raises(InvalidOption, match=r"^hidden: printable text, or none is accepted$"):
            Sample(hidden=wrong)  # type: ignore[arg-type]


def test_a_default_becomes_a_secret_or_a_part_of_the_value_too() -> None:
    class Made(Configured):
        password: str | Secret | None = "hidden"
        numbers: frozenset[int] = (1, 2)  # type: ignore[assignment]

    assert isinstance(Made().password, Secret)
    assert Made().numbers == frozenset({1, 2})
    assert "hidden" not in repr(Made())


def test_the_repr_has_what_differs_from_the_defaults() -> None:
    class Hiding(Configured):
        shown: int = 1
        made: list[int] = made_by(list, repr=False)

    assert repr(Hiding()) == "Hiding()"
    assert repr(Hiding(shown=2, made=[1])) == "Hiding(shown=2)"
    assert repr(Sample(whole=7, maybe="x")) == "Sample(whole=7, maybe='x')"


def test_it_is_no_dataclass_and_says_so() -> None:
    @dataclass(frozen=True)
    class Made(Configured):
        size: int = 3

    with pytest.raises(InvalidOption, match=r"^Made: no @dataclass is accepted: its attributes are options as it is$"):
        Made()


def test_a_subclass_has_its_own_options_and_its_parents() -> None:
    class Sub(Sample):
        more: int = 1

    assert set(options_of(Sub)) == {*NAMES, "more"}
    assert set(options_of(Sample)) == NAMES


@settings(derandomize=True, deadline=None)
@given(st.sampled_from(sorted(NAMES)), st.text(st.characters(codec=None)))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    try:
        sample = Sample().with_options({name: text})
    except InvalidOption as error:
        refused = str(error)
        assert refused == f"{name}: {MESSAGES[name]} is accepted"
    else:
        assert options_of(Sample)[name].accepts(getattr(sample, name))


def test_an_option_can_be_called_by_an_alias() -> None:
    assert Queue().with_options({"pool_size": "3"}) == Queue(workers=3)
    assert Queue().with_values({"maximum_outstanding_requests": 4}) == Queue(workers=4)
    with pytest.raises(InvalidOption, match=r"^pool_size: a whole number from 1 to 1000 is accepted$"):
        Queue().with_options({"pool_size": "none"})


def test_an_option_and_its_alias_at_once_are_an_error() -> None:
    with pytest.raises(InvalidOption, match=r"^workers and pool_size are two names of one option: give one of them$"):
        Queue().with_options({"workers": "3", "pool_size": "3"})
