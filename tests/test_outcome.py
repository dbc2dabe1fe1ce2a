"""What a result comes to."""

from __future__ import annotations

import pytest

from raven import errors
from raven.outcome import DELIBERATE, DELIVERED, Outcome, outcome_of
from raven.request import HELD, Response


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_2xx_is_delivered(status: int) -> None:
    assert outcome_of(Response(status)) == DELIVERED
    assert not outcome_of(Response(status)).failed


@pytest.mark.parametrize("status", [100, 199, 300, 302, 400, 403, 413, 428, 430, 500, 503, 0])
def test_any_other_status_is_an_error_that_names_it(status: int) -> None:
    response = Response(status, {"x-sentry-error": "s3cret"}, b"s3cret")
    assert outcome_of(response) == Outcome("send_error", f"the server answered {status}")


def test_a_429_was_counted_by_the_server() -> None:
    assert outcome_of(Response(429)).reason == "rate_limited"
    assert "429" in outcome_of(Response(429)).detail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.SendError("why"), "send_error"),
        (errors.ConnectError("why"), "network_error"),
        (errors.SendTimeout("why"), "network_error"),
        (errors.ConnectionLost("why", stale=True), "network_error"),
        (errors.TLSError("why"), "network_error"),
        (errors.BadResponse("why"), "network_error"),
        (errors.RateLimited("why"), "ratelimit_backoff"),
        (errors.QueueFull("why"), "queue_overflow"),
        (errors.Closed("why"), "shutdown"),
        (errors.Unserializable("why"), "internal_sdk_error"),
        (errors.EventTooLarge("why"), "invalid"),
    ],
    ids=repr,
)
def test_our_own_errors_bring_their_reason_and_their_words(error: errors.SendError, reason: str) -> None:
    assert outcome_of(error) == Outcome(reason, "why")
    assert outcome_of(error).failed


class SecretError(Exception):
    def __str__(self) -> str:
        raise AssertionError("nobody may ask")


def raised(error: BaseException) -> BaseException:
    def inner() -> None:
        raise error

    with pytest.raises(type(error)) as info:
        inner()
    return info.value


@pytest.mark.parametrize("error", [SecretError("s3cret"), SystemExit("s3cret"), KeyError("s3cret")], ids=type)
def test_a_bug_is_shown_by_type_and_place_but_not_by_what_it_says(error: BaseException) -> None:
    outcome = outcome_of(raised(error))
    code = raised.__code__
    assert outcome.reason == "internal_sdk_error"
    assert outcome.detail == (
        f"a stage raised {type(error).__name__} in inner ({code.co_filename}:{code.co_firstlineno + 2})"
    )


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert outcome_of(ValueError("s3cret")) == Outcome("internal_sdk_error", "a stage raised ValueError")


@pytest.mark.parametrize("result", [None, "OK", 200, b"", object, True])
def test_what_is_no_response_is_a_bug(result: object) -> None:
    name = type(result).__name__
    assert outcome_of(result) == Outcome("internal_sdk_error", f"a stage returned {name} and not a Response")


def test_held_is_no_delivery() -> None:
    assert outcome_of(HELD).failed


@pytest.mark.parametrize("reason", sorted(DELIBERATE))
def test_what_the_program_asked_to_drop_is_no_failure(reason: str) -> None:
    assert not Outcome(reason).failed
    assert Outcome("send_error").failed
    assert not Outcome().failed
