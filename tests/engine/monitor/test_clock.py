"""The time left is estimated from the pace so far, and only printed."""

import pytest

from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.clock import SaveTimer, eta, format_duration, time_left


@pytest.mark.parametrize(
    ("elapsed", "done", "epochs", "seconds"), [(10.0, 1, 4, 40.0), (30.0, 4, 2, 15.0), (7.5, 3, 0, 0.0)]
)
def test_the_rest_takes_as_long_an_epoch_as_before(elapsed, done, epochs, seconds):
    assert time_left(elapsed, done, epochs) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3540.0, "59 min"),
        (3599.0, "1 h 0 min"),
        (12_000.0, "3 h 20 min"),
        (86_399.0, "1 d 0 h"),
        (187_200.0, "2 d 4 h"),
    ],
)
def test_a_duration_is_spelled_in_its_largest_units(seconds, text):
    assert format_duration(seconds) == text


def record(epoch: int) -> EpochRecord:
    return EpochRecord("phase2", epoch, 5, lr=0.1, loss=1.0, norm=1.0, totals={}, score=None)


def reported(clock: list[float], epochs: list[int]) -> list[str]:
    """Lines printed after these epochs. clock: its reading at the start and after each epoch"""
    tell = eta(iter(clock).__next__)
    return [tell(record(epoch)) for epoch in epochs]


def test_each_epoch_but_the_last_prints_the_time_left():
    lines = reported([100.0, 110.0, 120.0, 145.0, 160.0], [1, 2, 3, 4, 5])
    assert lines == [*(f"about {seconds} s left" for seconds in (40, 30, 30, 15)), ""]


def test_a_resumed_run_counts_its_own_epochs():
    """Two epochs were done before: the first of this process is the third, and took 10 s."""
    assert reported([50.0, 60.0], [3]) == ["about 20 s left"]


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def spend(self, deadline: SaveTimer, work: str, seconds: float) -> None:
        with deadline.timed(work):
            self.now += seconds


def test_a_kill_costs_at_most_what_is_asked_for_while_works_take_as_long_as_before():
    """Steps of 1 s, each tenth followed by 4 s of validation, and a save takes 0.5 s: at most 9 of 10 s."""
    clock = Clock()
    deadline, unsaved = SaveTimer(10.0, clock), 0.0
    clock.spend(deadline, "validating", 4.0)
    clock.spend(deadline, "save", 0.5)
    oldest = clock.now - 0.5
    for step in range(1, 200):
        work, seconds = ("validating", 4.0) if step % 10 == 0 else ("step", 1.0)
        if deadline.due(work):
            began = clock.now
            clock.spend(deadline, "save", 0.5)
            unsaved, oldest = max(unsaved, clock.now - oldest), began
        clock.spend(deadline, work, seconds)
        unsaved = max(unsaved, clock.now - oldest)
    assert 8.0 <= unsaved <= 9.0


def test_the_first_save_shows_how_long_one_takes():
    clock = Clock()
    deadline = SaveTimer(10.0, clock)
    clock.spend(deadline, "step", 1.0)
    assert deadline.due("step")
    clock.spend(deadline, "save", 3.0)
    for due in (False, False, True):  # 3, 4, 5 s are unsaved; a step and a save take 4, and one is spare
        assert deadline.due("step") == due
        clock.spend(deadline, "step", 1.0)


@pytest.mark.parametrize(("every", "stall"), [(60.0, 1.0), (3.0, 1.0), (0.9, 0.3)])
@pytest.mark.parametrize("stalled", ["step", "save"])
def test_a_stall_of_a_second_or_a_third_of_the_time_costs_no_more_than_is_asked_for(every, stall, stalled):
    """Steps of 0.1 s and saves of 0.05 s; the last step before a save is due stalls, or that save."""
    clock = Clock()
    deadline = SaveTimer(every, clock)
    clock.spend(deadline, "save", 0.05)
    while not deadline.due("step"):
        begun = clock.now
        clock.spend(deadline, "step", 0.1)
    clock.now = begun
    for work, seconds in (("step", 0.1), ("save", 0.05)):
        clock.spend(deadline, work, seconds + (stall if work == stalled else 0.0))
    assert every - 0.15 <= clock.now <= every + 1e-9


def test_without_patience_every_work_is_saved_and_with_all_of_it_none():
    clock = Clock()
    often, never = SaveTimer(0.0, clock), SaveTimer(1e9, clock)
    for deadline in (often, never):
        clock.spend(deadline, "save", 1.0)
        clock.spend(deadline, "step", 1.0)
    assert often.due("step") and not never.due("step")


def test_the_time_of_failed_work_does_not_count():
    clock = Clock()
    deadline = SaveTimer(10.0, clock)
    with pytest.raises(OSError), deadline.timed("save"):
        clock.now += 20.0
        raise OSError
    assert deadline.took("save") == 0.0 and deadline.due("step")
