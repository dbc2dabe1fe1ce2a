"""Children of `multiprocessing` deliver what they captured, without a flush, however they were started."""

from __future__ import annotations

import pytest

from raven.testing.counting_server import CountingServer
from tests.process.conftest import Start

every_method = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])


@every_method
@pytest.mark.parametrize("own_client", [True, False], ids=["own client", "inherited client"])
@pytest.mark.parametrize("ending", ["pass", "sys.exit(4)", "raise ValueError"], ids=["end", "exit 4", "unhandled"])
def test_the_events_of_a_child_are_delivered(
    server: CountingServer, start: Start, method: str, own_client: bool, ending: str
) -> None:
    # With spawn and forkserver "inherited" is the client that the child makes when it imports the program.
    source = f"""
        import multiprocessing
        client = Client(DSN + "?shutdown_timeout=10&timeout=10", install_sys_hook=False)

        def work(number):
            sent({'Client(DSN + "?shutdown_timeout=10", install_sys_hook=False)' if own_client else "client"}, 5, "child")
            sys.stderr = None
            {ending}

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            sent(client, 5, "parent")
            children = [context.Process(target=work, args=(number,)) for number in range(2)]
            for child in children:
                child.start()
            for child in children:
                child.join()
                say("code", child.exitcode)
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert set(ended.said("code")) == {{"pass": "0", "sys.exit(4)": "4", "raise ValueError": "1"}[ending]}
    assert len(ended.said("child")) == 10
    assert server.counts == dict.fromkeys(ended.said("parent") + ended.said("child"), 1)


@pytest.mark.smoke
@every_method
def test_the_events_of_a_pool_are_delivered(server: CountingServer, start: Start, method: str) -> None:
    source = f"""
        import multiprocessing
        client = Client(DSN + "?shutdown_timeout=10&timeout=10")

        def work(number):
            say("child", client.capture_message("in a pool"))

        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                pool.map(work, range(20))
                pool.close()
                pool.join()
    """
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert len(ended.said("child")) == 20
    assert server.counts == dict.fromkeys(ended.said("child"), 1)


def test_a_child_whose_server_is_silent_ends_in_time(server: CountingServer, start: Start) -> None:
    source = """
        import multiprocessing
        client = Client(DSN + "?shutdown_timeout=0.5")

        def work():
            sent(client, 3, "child")
            say("ends", time.monotonic())

        context = multiprocessing.get_context("fork")
        child = context.Process(target=work)
        child.start()
        child.join()
        say("joined", time.monotonic())
    """
    server.hold()
    ended = start(source, server.dsn).end()
    assert (ended.code, ended.complaints) == (0, [])
    assert ended.stderr == "raven: delivering 3 events before exit, for at most 0.5 seconds (Ctrl-C to stop)\n"
    assert float(ended.said("joined")[0]) - float(ended.said("ends")[0]) < 1.0
