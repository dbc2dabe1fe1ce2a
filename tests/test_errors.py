"""The two families of errors."""

from __future__ import annotations

import inspect

import pytest

from raven import errors
from raven.errors import (
    BadResponse,
    Closed,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    EventTooLarge,
    InvalidDsn,
    InvalidOption,
    InvalidStack,
    MissingDependency,
    NetworkError,
    ProxyError,
    QueueFull,
    RateLimited,
    RavenError,
    SendError,
    SendTimeout,
    StageSuspended,
    TLSError,
    Unserializable,
)

ALL = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]

# From Sentry's specification of client reports, and two of our own: "invalid" is there for events that are too large.
REASONS = {
    "network_error",
    "queue_overflow",
    "ratelimit_backoff",
    "send_error",
    "internal_sdk_error",
    "invalid",
    "shutdown",
}


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_a_raven_error(error: type[Exception]) -> None:
    assert issubclass(error, RavenError)
    assert error.__doc__


@pytest.mark.parametrize("error", [InvalidDsn, InvalidOption, InvalidStack])
def test_what_is_wrong_with_the_configuration_is_a_value_error(error: type[Exception]) -> None:
    assert issubclass(error, ConfigurationError)
    assert issubclass(error, ValueError)
    assert not issubclass(error, SendError)


@pytest.mark.parametrize(
    ("error", "reason", "transient"),
    [
        (SendError, "send_error", False),
        (NetworkError, "network_error", True),
        (ConnectError, "network_error", True),
        (SendTimeout, "network_error", True),
        (ConnectionLost, "network_error", True),
        (TLSError, "network_error", False),
        (ProxyError, "network_error", False),
        (BadResponse, "network_error", False),
        (RateLimited, "ratelimit_backoff", False),
        (QueueFull, "queue_overflow", False),
        (Closed, "shutdown", False),
        (Unserializable, "internal_sdk_error", False),
        (EventTooLarge, "invalid", False),
    ],
)
def test_a_send_error_says_how_it_is_counted_and_whether_to_try_again(
    error: type[SendError], reason: str, transient: bool
) -> None:
    assert (error.reason, error.transient) == (reason, transient)
    assert str(error("why")) == "why"


def test_every_send_error_has_a_reason_that_is_known() -> None:
    assert {each.reason for each in ALL if issubclass(each, SendError)} <= REASONS


def test_a_lost_connection_is_stale_only_if_that_is_said() -> None:
    assert not ConnectionLost("gone").stale
    assert ConnectionLost("gone", stale=True).stale
    assert str(ConnectionLost("gone", stale=True)) == "gone"


def test_an_invalid_dsn_says_why() -> None:
    assert str(InvalidDsn("it is empty")) == "invalid DSN: it is empty"


def test_a_missing_dependency_says_how_to_install_it() -> None:
    error = MissingDependency("gevent", "GeventedHTTPTransport", "gevent")
    assert isinstance(error, ImportError)
    assert "gevent" in str(error)
    assert 'pip install "raven[gevent]"' in str(error)


def test_a_suspended_stage_names_what_it_awaited() -> None:
    assert "a stage awaited a Future" in str(StageSuspended("a Future"))
