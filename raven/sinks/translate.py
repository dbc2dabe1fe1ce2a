"""One of our errors for each of the socket's or TLS's."""

from __future__ import annotations

import ssl

from ..errors import ConnectionLost, NetworkError, SendTimeout, TLSError

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""How TLS says that a connection ended without notice."""


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
