"""Progress: a bar for a person, lines for a log."""

import io

import pytest

from tailwise.core.stage import progress as module
from tailwise.core.stage.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_every_few_seconds(clock):
    log = io.StringIO()
    with Progress("train", 100, "clips", log) as progress:
        for _ in range(12):
            clock[0] += 1
            progress.advance(2)
    assert log.getvalue().splitlines() == [
        "train: 10 of 100 clips, 2.0 clips/s, 45 s left",
        "train: 20 of 100 clips, 2.0 clips/s, 40 s left",
    ]


def test_a_quick_work_leaves_no_line():
    log = io.StringIO()
    with Progress("train", 3, "clips", log) as progress:
        progress.advance(3)
    assert log.getvalue() == ""


def test_a_terminal_gets_a_bar_with_rate_and_time_left():
    terminal = Terminal()
    with Progress("train", 100, "clips", terminal) as progress:
        progress._bar.mininterval = 0
        progress.advance(50)
    assert "train:  50%" in terminal.getvalue() and "50/100" in terminal.getvalue() and "clips" in terminal.getvalue()
