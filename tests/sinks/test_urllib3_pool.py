"""What the conformance suite can't see of urllib3's pool."""

from __future__ import annotations

import socket


def test_a_socket_without_a_timeout_waits_as_any_other() -> None:
    from raven.sinks.urllib3_pool import _DeadlineSocket

    with socket.create_server(("127.0.0.1", 0)) as listener, _DeadlineSocket() as caller:
        caller.settimeout(None)
        assert caller.gettimeout() is None
        caller.connect(listener.getsockname())
        served, _ = listener.accept()
        with served:
            served.sendall(b"hello")
            buffer = bytearray(5)
            assert caller.recv_into(buffer) == 5
            assert caller.send(b"x") == 1
