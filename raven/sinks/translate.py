"""One of our errors for each of urllib3's, the socket's or TLS's, however many others it is wrapped in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from ..errors import BadResponse, Closed, ConnectionLost, NetworkError, SendError, SendTimeout, TLSError


def translate(error: BaseException) -> SendError:
    """What to raise in its place. The text has nothing of the request in it."""
    from http.client import IncompleteRead

    from urllib3 import exceptions

    chain = tuple(_from_the_outside_in(error))
    cause = chain[-1]
    if isinstance(cause, ssl.SSLError):
        return _of_tls(cause)
    if isinstance(cause, exceptions.ClosedPoolError):
        return Closed("the transport was closed")
    if any(isinstance(each, (TimeoutError, exceptions.TimeoutError, exceptions.EmptyPoolError)) for each in chain):
        return SendTimeout("the server did not answer in time")
    if isinstance(cause, (OSError, IncompleteRead, exceptions.IncompleteRead)):
        stale = type(cause).__name__ == "StaleConnection"
        return ConnectionLost(f"the connection was lost: {text_of(cause)}", stale=stale)
    return BadResponse(f"the answer is not HTTP ({type(cause).__name__})")


def text_of(error: BaseException) -> str:
    """What the operating system says, or else what kind of error it is."""
    return getattr(error, "strerror", None) or type(error).__name__


def _from_the_outside_in(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None)


def _of_tls(error: ssl.SSLError) -> NetworkError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TLSError(f"the server's certificate was refused: {error.verify_message}")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
        return ConnectionLost("the connection was lost while TLS was being set up")
    return TLSError(f"TLS could not be set up: {error.reason or type(error).__name__}")
