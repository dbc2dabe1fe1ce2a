"""The signal that ends the program. In a module of its own, because `signal` takes long to import and few need it."""

from __future__ import annotations

import os
import signal
from typing import Any

from .. import at_exit
from .hooks import Hook


class SignalHook(Hook):
    """A signal that would kill the program at once: what is queued is delivered before. A handler that was there before
    ours is left alone: when it exits, what is queued is delivered then.
    """

    def __init__(self, number: int) -> None:
        super().__init__(self._handler, self._set, lambda client, arguments: None, self._default)
        self._number = number

    def _handler(self) -> Any:
        handler = signal.getsignal(self._number)
        return None if handler == signal.SIG_DFL else handler

    def _set(self, handler: Any) -> None:
        try:
            signal.signal(self._number, signal.SIG_DFL if handler is None else handler)
        except ValueError:  # only the main thread may; ours stays, and does nothing but pass on
            return

    def _default(self, number: int, frame: object) -> None:
        if self.clients:
            at_exit.drain()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


TERMINATION = SignalHook(signal.SIGTERM)
