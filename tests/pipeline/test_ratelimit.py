"""RateLimit does what the server's headers say, and no more."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.errors import InvalidOption, RateLimited
from raven.pipeline import RateLimit
from raven.pipeline.ratelimit import CATEGORIES, limits, parse_rate_limits
from raven.request import Response
from raven.testing import StageDriver
from raven.testing.scripted import Answer

from .helpers import repeatable

BUGSINK = "86400:transaction;span:organization"


def limited(header: str, status: int = 200) -> Response:
    return Response(status, {"x-sentry-rate-limits": header})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("60:error:organization", {"error": 60}),
        ("60::key", {"": 60}),
        ("60:", {"": 60}),
        (BUGSINK, {"transaction": 86_400, "span": 86_400}),
        (f"60::key, {BUGSINK}", {"": 60, "transaction": 86_400, "span": 86_400}),
        ("2.5:error:key", {"error": 2.5}),
        (" 60 : error ; span : key : why : ns : more ", {"error": 60, "span": 60}),
        ("60:error;unknown:key", {"error": 60}),
        ("60:unknown:key", {}),
        ("60:unknown;other", {}),
        ("60:error;:key", {"error": 60}),
        ("60:;error", {"error": 60}),
        ("60:;;:key", {}),
        ("60:Error:key", {}),
        ("1000000000000:error:key", {"error": 100_000}),
        ("inf:error:key", {"error": 100_000}),
        ("nan:error:key", {}),
        ("-5:error:key", {}),
        ("-inf::", {}),
        ("0:error:key", {}),
        ("60", {}),
        ("", {}),
        (",,,", {}),
        ("::", {}),
        (":error:key", {}),
        ("soon:error:key,5:span:key", {"span": 5}),
    ],
)
def test_the_grammar(header: str, expected: dict[str, float]) -> None:
    assert dict(parse_rate_limits(header, 100_000.0)) == expected


def test_every_category_that_sentry_names_is_known() -> None:
    header = f"60:{';'.join(CATEGORIES)}:key"
    assert dict(parse_rate_limits(header, 100.0)) == dict.fromkeys(CATEGORIES, 60.0)
    assert len(CATEGORIES) == 16


def test_a_category_that_is_named_twice_counts_once() -> None:
    assert list(parse_rate_limits("60:error;error:key", 100.0)) == [("error", 60.0)]


def test_a_header_of_a_megabyte_is_read_in_part_and_at_once() -> None:
    started = time.monotonic()
    found = list(parse_rate_limits("60:error:key," * 80_000, 100.0))
    assert len(found) == 8_192 // len("60:error:key,")
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("rest", ["60:transaction;span:key", "60:error;transaction"])
def test_half_a_limit_at_the_end_of_a_long_header_stops_nothing(rest: str) -> None:
    for shown in range(len(rest)):
        header = "1:span:key".ljust(8_192 - shown - 1) + "," + rest
        assert dict(parse_rate_limits(header, 100.0)) == {"span": 1.0}


def test_the_longest_header_is_read_to_its_end() -> None:
    assert dict(parse_rate_limits("60:error:key".rjust(8_192), 100.0)) == {"error": 60.0}
    assert dict(parse_rate_limits("60:error:key".rjust(8_193), 100.0)) == {}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(200), {}),
        (Response(503, {"retry-after": "5"}), {}),
        (Response(428), {}),
        (Response(429), {"": 60}),
        (Response(429, {"retry-after": "5"}), {"": 5}),
        (Response(429, {"retry-after": "2.5"}), {"": 2.5}),
        (Response(429, {"retry-after": "-5"}), {"": 60}),
        (Response(429, {"retry-after": "1e12"}), {"": 100}),
        (Response(429, {"retry-after": "garbage"}), {"": 60}),
        (Response(429, {"retry-after": formatdate(0, usegmt=True)}), {"": 0}),
        (Response(429, {"retry-after": formatdate(time.time() + 9_999, usegmt=True)}), {"": 100}),
        (Response(429, {"retry-after": "5", "x-sentry-rate-limits": "7:error:key"}), {"error": 7}),
        (Response(429, {"retry-after": "5", "x-sentry-rate-limits": "garbage"}), {}),
    ],
)
def test_retry_after_counts_on_a_429_without_the_better_header(response: Response, expected: dict[str, float]) -> None:
    assert dict(limits(response, 100.0)) == expected


def test_a_bare_429_is_cut_at_the_ceiling_too() -> None:
    assert dict(limits(Response(429), 10.0)) == {"": 10.0}


@pytest.mark.parametrize("status", [200, 202, 301, 400, 403, 413, 429, 500, 503])
def test_the_header_counts_on_any_answer(status: int) -> None:
    driver = StageDriver(RateLimit(), [limited("60:error:key", status)])
    assert driver.send().status == status
    with pytest.raises(RateLimited, match="wants no error for another 60 seconds"):
        driver.send()
    assert len(driver.received) == 1


def passes(driver: StageDriver, category: str = "error") -> bool:
    try:
        driver.send(category=category)
    except RateLimited:
        return False
    return True


def driver_after(*answers: Answer, stage: RateLimit | None = None) -> StageDriver:
    """A driver that has had all these answers, and has 200 for whatever comes next."""
    driver = StageDriver(stage or RateLimit(), [*answers, 200])
    for _ in answers:
        driver.send(category="internal")
    return driver


def test_a_limit_ends_to_the_instant() -> None:
    driver = driver_after(limited("2.5:error:key"))
    driver.runtime.advance(2.4375)
    assert not passes(driver)
    driver.runtime.advance(0.0625)
    assert passes(driver)


def test_a_limit_holds_for_its_category_alone() -> None:
    driver = driver_after(limited("60:transaction;span:key"))
    assert [category for category in sorted(CATEGORIES) if not passes(driver, category)] == ["span", "transaction"]


def test_what_bugsink_says_with_every_answer_leaves_errors_alone() -> None:
    driver = driver_after(limited(BUGSINK), limited(BUGSINK))
    assert passes(driver)
    assert not passes(driver, "transaction")


def test_a_limit_without_a_category_stops_everything() -> None:
    driver = driver_after(limited(f"60::key, {BUGSINK}", 429))
    assert not any(passes(driver, category) for category in [*CATEGORIES, "client_report"])
    driver.runtime.advance(60.0)
    assert passes(driver)
    assert passes(driver, "client_report")
    assert not passes(driver, "span")


@pytest.mark.parametrize(("first", "second"), [(60, 5), (5, 60)])
def test_the_longer_of_two_limits_holds(first: int, second: int) -> None:
    for driver in (
        driver_after(limited(f"{first}:error:key"), limited(f"{second}:error:key")),
        driver_after(limited(f"{first}:error:key,{second}:error:organization")),
        driver_after(limited(f"{first}::key,{second}:error:organization")),
    ):
        driver.runtime.advance(59.0)
        assert not passes(driver)
        driver.runtime.advance(1.0)
        assert passes(driver)


def test_no_limit_is_longer_than_the_ceiling() -> None:
    driver = driver_after(limited("86400:error:key"), stage=RateLimit(longest_limit=10.0))
    driver.runtime.advance(9.0)
    assert not passes(driver)
    driver.runtime.advance(1.0)
    assert passes(driver)


def test_the_ceiling_is_an_hour_unless_it_is_set() -> None:
    driver = driver_after(limited("86400:error:key"))
    driver.runtime.advance(3_599.0)
    assert not passes(driver)
    driver.runtime.advance(1.0)
    assert passes(driver)
    with pytest.raises(InvalidOption, match=r"^longest_limit: a number of seconds greater than 0"):
        RateLimit(longest_limit=0)


def test_the_time_is_counted_from_the_answer_on() -> None:
    driver = StageDriver(RateLimit(), [5.0, limited("10:error:key"), 200])
    driver.send()
    driver.runtime.advance(9.0)
    assert not passes(driver)
    driver.runtime.advance(1.0)
    assert passes(driver)


@pytest.mark.parametrize(("left", "words"), [(59.5, "60"), (60.0, "60"), (0.1, "1")])
def test_the_error_says_how_long_in_full_seconds(left: float, words: str) -> None:
    driver = driver_after(limited(f"{left}:error:key"))
    with pytest.raises(RateLimited, match=f"^the server wants no error for another {words} seconds$"):
        driver.send()


def test_each_binding_has_limits_of_its_own() -> None:
    stage = RateLimit()
    first, second = StageDriver(stage, [429]), StageDriver(stage, [200])
    first.send()
    assert not passes(first)
    assert passes(second)


quotas = st.lists(
    st.tuples(
        st.floats().map(str) | st.integers().map(str) | st.text(),
        st.lists(st.sampled_from(sorted(CATEGORIES)) | st.text()).map(";".join),
        st.text(),
    ).map(":".join)
).map(",".join)


@repeatable
@given(st.text() | quotas)
def test_no_header_makes_the_parser_raise_or_leave_its_bounds(header: str) -> None:
    for category, seconds in parse_rate_limits(header, 100.0):
        assert category in CATEGORIES or category == ""
        assert 0.0 < seconds <= 100.0
