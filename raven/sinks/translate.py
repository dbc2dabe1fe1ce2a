"""One of our errors for each of urllib3's, the socket's or TLS's."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from ..errors import BadResponse, Closed, ConnectionLost, NetworkError, SendError, SendTimeout, TLSError

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""How TLS says that a connection ended without notice."""


def translate(error: BaseException) -> SendError:
    """What to raise in the place of an error of urllib3. The text has nothing of the request in it."""
    from http.client import IncompleteRead

    from urllib3 import exceptions

    chain = tuple(_from_the_outside_in(error))
    cause = chain[-1]
    if isinstance(cause, exceptions.ClosedPoolError):
        return Closed("the transport was closed")
    if any(isinstance(each, (TimeoutError, exceptions.TimeoutError, exceptions.EmptyPoolError)) for each in chain):
        return SendTimeout("the server did not answer in time")
    if isinstance(cause, OSError):
        return of_socket(cause, stale=type(cause).__name__ == "StaleConnection")
    if isinstance(cause, (IncompleteRead, exceptions.IncompleteRead)):
        return ConnectionLost("the connection was lost within the answer")
    return BadResponse(f"the answer is not HTTP ({type(cause).__name__})")


def of_socket(error: OSError, *, stale: bool = False) -> NetworkError:
    """What to raise in the place of an error of a socket, or of TLS, in an exchange or before it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TLSError(f"the server's certificate was refused: {error.verify_message}")
    if isinstance(error, ssl.SSLError) and not isinstance(error, _BROKEN):
        return TLSError(f"TLS could not be set up: {error.reason or type(error).__name__}")
    if isinstance(error, TimeoutError):
        return SendTimeout("the server did not answer in time")
    return ConnectionLost(f"the connection was lost: {text_of(error)}", stale=stale)


def text_of(error: BaseException) -> str:
    """What the operating system says, or else what kind of error it is."""
    return getattr(error, "strerror", None) or type(error).__name__


def _from_the_outside_in(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or next((each for each in error.args if isinstance(each, BaseException)), None)
