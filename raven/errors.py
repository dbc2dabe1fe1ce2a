"""Every error that Raven raises.

Two families. A `ConfigurationError` is raised to the program while it sets Raven up, and says what was wrong, where, and
what is accepted. A `SendError` travels up a stack in place of a response; it says why an event was not delivered, and
never reaches the program: the ledger counts it under its `reason`.

No message here quotes a DSN, a key, an option's value or an event.
"""

from __future__ import annotations

from typing import ClassVar


class RavenError(Exception):
    """Base of all of Raven's errors."""


class ConfigurationError(RavenError, ValueError):
    """Raven was set up with something that can't work."""


class InvalidDsn(ConfigurationError):
    """The DSN can't be understood. The message has the reason and never the DSN."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid DSN: {reason}")


class InvalidOption(ConfigurationError):
    """An option is unknown, or its value is not accepted. The message names the option and never the value."""


class InvalidStack(ConfigurationError):
    """These stages can't work in this order. The message names them."""


class MissingDependency(RavenError, ImportError):
    """An optional package is not installed. The message has the command that installs it."""

    def __init__(self, package: str, needed_for: str, extra: str) -> None:
        super().__init__(f'{needed_for} needs the package {package}: pip install "raven[{extra}]"')


class StageSuspended(RavenError, RuntimeError):
    """A coroutine waited where nothing can wait: above the queue, or for something the runtime doesn't know."""

    def __init__(self, awaited: str) -> None:
        super().__init__(
            f"a stage awaited {awaited}, which can't be waited for here: a stage awaits only the next `send` and its "
            "runtime's `sleep`, and above the queue it doesn't wait at all"
        )


class SendError(RavenError):
    """An event was not delivered.

    `reason` is the name under which the ledger counts it: one of Sentry's client-report reasons where Sentry has one.
    `transient` says that the same request may well succeed a little later.
    """

    reason: ClassVar[str] = "send_error"
    transient: ClassVar[bool] = False


class NetworkError(SendError):
    """No answer was had from the server."""

    reason = "network_error"
    transient = True


class ConnectError(NetworkError):
    """The server could not be reached: its name is unknown, or it refuses connections."""


class SendTimeout(NetworkError):
    """The attempt did not end before its deadline."""


class ConnectionLost(NetworkError):
    """The connection broke before the whole answer was there.

    `stale` says that it had been used before and broke before a byte of this answer came: most likely the server closed
    it while it was idle, and a fresh one will do.
    """

    def __init__(self, message: str, *, stale: bool = False) -> None:
        super().__init__(message)
        self.stale = stale


class TLSError(NetworkError):
    """The server's certificate was refused, or no common protocol was found. Trying again won't help."""

    transient = False


class ProxyError(NetworkError):
    """The proxy refused to connect to the server. Trying again won't help."""

    transient = False


class BadResponse(NetworkError):
    """What came back is not HTTP. Trying again won't help."""

    transient = False


class CircuitOpen(NetworkError):
    """The server is down, so it was not asked. Trying again is for those who try it themselves."""

    transient = False


class RateLimited(SendError):
    """The server asked to be left alone for another `seconds` with events of this category."""

    reason = "ratelimit_backoff"

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class QueueFull(SendError):
    """The queue holds as many events as it may."""

    reason = "queue_overflow"


class Closed(SendError):
    """The transport was closed before the event was delivered."""

    reason = "shutdown"


class Unserializable(SendError):
    """An event could not be turned into bytes, or a stage was given one that it can't frame."""

    reason = "internal_sdk_error"


class EventTooLarge(SendError):
    """An event is over the size limit, even after everything was cut that may be cut."""

    reason = "invalid"
