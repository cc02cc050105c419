"""Ctrl-C between two steps, never within one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ForcedInterrupt(KeyboardInterrupt):
    """Ctrl-C pressed a second time: what was under way is cut off, and must not be saved."""


@contextmanager
def defer_interrupt() -> Iterator[None]:
    """Ctrl-C within the block is heard at its end, also at the end that an error makes; pressed twice, at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []

    def hear(number, frame) -> None:
        pressed.append(number)
        if len(pressed) > 1:
            raise ForcedInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield
    except Exception as error:
        if pressed:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def sigterm_as_sigint() -> None:
    """Take SIGTERM, by which a cluster ends a job that must make room, as Ctrl-C: the run is saved."""
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
