"""Deferred SIGINT, so that Ctrl-C never interrupts a step or a save halfway."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class ForcedInterrupt(KeyboardInterrupt):
    """The second SIGINT: work was cut off in the middle, so its state must not be saved."""


@contextmanager
def defer_interrupt() -> Generator[None]:
    """Defers SIGINT until the block exits, also by an error; a second SIGINT interrupts immediately.

    Does nothing in threads other than the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise ForcedInterrupt

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    except Exception as error:
        if received:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, previous)
    if received:
        raise KeyboardInterrupt


def sigterm_as_sigint() -> None:
    """Treat SIGTERM, which a cluster sends before it kills a job, as Ctrl-C, so that the run saves its state."""
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
