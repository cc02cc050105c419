"""A resumed run equals an uninterrupted one."""

import shutil
import signal
from contextlib import contextmanager
from functools import partial

import pytest
import torch

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task, noisy, same
from tailwise.core.system.interrupts import sigterm_as_sigint
from tailwise.engine.checkpoint import snapshot
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.run import Stability
from tailwise.engine.train.loop import train_phase
from tailwise.optim.adamw import AdamW

PHASE = make_phase(epochs=3, lr=3e-2, augment=1.0, optimizer=AdamW("adamw", 0.1))
CALLS = 3 * (2 + 2 + 1 + 6)
"""Evaluations of the model in PHASE: an epoch has 3 steps of 2, 2 and 1 micro-batches, and 6 validation batches."""


class Stop(BaseException):
    pass


def end():
    raise Stop


def press():
    signal.raise_signal(signal.SIGINT)


class Stops(Linear):
    """Ends the process, as it were, at one evaluation of the model."""

    def __init__(self, at: int | None = None, how=end):
        super().__init__(5, HEADS, dropout=0.3)
        self.at, self.calls, self.how = at, 0, how

    def forward(self, x):
        self.calls += 1
        if self.calls == self.at:
            self.how()
        return super().forward(x)


def train(model, phase=PHASE, **run):
    task = make_task(model, make_table(20), prepare=noisy)
    return train_phase(task, phase, range(20), {}, make_run(accumulate=2, **run))


@contextmanager
def recorded(folder):
    """As a stage that ends well, and whose result DVC has recorded: then the next phase removes the state."""
    with Recovery(folder) as recovery:
        yield recovery
    shutil.rmtree(folder)


def equal(one, other):
    return same(one.weights, other.weights) and (one.history, one.best) == (other.history, other.best)


@pytest.mark.parametrize("save_every", [0.0, 1e9], ids=["saved at each step", "saved after the first"])
def test_a_run_that_ends_anywhere_resumes_as_if_uninterrupted(tmp_path, save_every):
    straight = train(Stops())
    for at in range(1, CALLS + 1):
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            train(Stops(at), recovery=recovery, save_every=save_every)
        with recorded(tmp_path / "run") as recovery:
            resumed = train(Stops(), recovery=recovery, save_every=save_every)
        assert equal(resumed, straight), at


def test_no_step_is_taken_twice_if_each_is_saved(tmp_path):
    lost = []
    for at in range(1, CALLS + 1):
        first, second = Stops(at), Stops()
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            train(first, recovery=recovery, save_every=0)
        with recorded(tmp_path / "run") as recovery:
            train(second, recovery=recovery)
        lost.append(first.calls + second.calls - CALLS)
    assert set(lost) == {1, 2}  # the one that ended it, and the one before it of its step


def test_validated_batches_are_not_validated_again(tmp_path):
    """The first epoch has 5 training and 6 validation evaluations of 4 samples; it ends at the fifth of these."""
    first, second = Stops(5 + 5), Stops()
    with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
        train(first, recovery=recovery, save_every=0)
    with recorded(tmp_path / "run") as recovery:
        tally = recovery.load().facts["validation"]
        resumed = train(second, recovery=recovery)
    assert tally["samples"] == 16 and tally["totals"]["size"][1] == sum(tally["totals"]["size"][2:]) == 16
    assert equal(resumed, train(Stops())) and second.calls == CALLS - 5 - 4


def test_after_the_last_epoch_nothing_is_trained_again(tmp_path):
    """What is done with the result may fail: it is saved first."""
    first, second = Stops(), Stops()
    with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
        straight = train(first, recovery=recovery, save_every=1e9)
        end()
    with recorded(tmp_path / "run") as recovery:
        assert equal(train(second, recovery=recovery), straight) and second.calls == 0


def test_it_may_end_again_and_again(tmp_path):
    for at in (3, 9, 5, 7):
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            train(Stops(at), recovery=recovery, save_every=0)
    with recorded(tmp_path / "run") as recovery:
        assert equal(train(Stops(), recovery=recovery), train(Stops()))


def test_sigterm_saves_what_was_done(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    sigterm_as_sigint()
    first = Stops(2, partial(signal.raise_signal, signal.SIGTERM))
    try:
        with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
            train(first, recovery=recovery)
    finally:
        signal.signal(signal.SIGTERM, before)
    with recorded(tmp_path / "run") as recovery:
        assert recovery.load().facts["step"] == 1 and first.calls == 2


@pytest.mark.parametrize(("at", "lost"), [(1, 0), (2, 0), (5, 0), (6, 1), (11, 1), (13, 0)])
def test_ctrl_c_saves_what_was_done(tmp_path, at, lost):
    """Within a step it takes effect at the step's end; in validation, the interrupted batch is repeated."""
    first, second = Stops(at, press), Stops()
    with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
        train(first, recovery=recovery)
    with recorded(tmp_path / "run") as recovery:
        resumed = train(second, recovery=recovery)
    assert equal(resumed, train(Stops())) and first.calls + second.calls - CALLS == lost


def press_twice():
    press()
    press()


@pytest.mark.parametrize("at", [2, 7])
def test_ctrl_c_pressed_twice_ends_at_once_and_leaves_the_state_before(tmp_path, at):
    """What was under way is half done: it must not be saved."""
    with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
        train(Stops(at, press_twice), recovery=recovery)
    with recorded(tmp_path / "run") as recovery:
        assert equal(train(Stops(), recovery=recovery), train(Stops()))


def test_ctrl_c_in_a_step_that_fails_saves_what_was_done_before(tmp_path):
    """So ends a process whose neighbour heard the same Ctrl-C first."""

    def fail():
        press()
        raise RuntimeError("connection closed by peer")

    first = Stops(3, fail)
    with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
        train(first, recovery=recovery)
    with recorded(tmp_path / "run") as recovery:
        assert recovery.load().facts["step"] == 1
        assert equal(train(Stops(), recovery=recovery), train(Stops()))


def test_the_guards_state_is_part_of_it(tmp_path):
    """A spike and what follows it, interrupted at every evaluation."""
    phase = make_phase(epochs=4, lr=1e-3)
    stability = Stability(guards=True, spike_factor=1.5, max_rollbacks=5)

    def poisoned(at, **run):
        task = make_task(Stops(at), make_table(20), prepare=by_place)
        return train_phase(task, phase, range(20), {}, make_run(batch_size=2, stability=stability, **run))

    def by_place(batch, strength, keys):
        """The batch of sample 7 is poisoned from the third epoch on."""
        late = (keys[:, 2] >= 2) & (keys[:, 3] == 7)
        batch.inputs["x"][torch.from_numpy(late)] *= -1e4
        return batch

    straight = poisoned(None)
    assert [i.fault for record in straight.history for i in record.interventions] == ["loss spike"] * 2
    for at in (45, 47, 49, 60, 75):
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            poisoned(at, recovery=recovery, save_every=0)
        with recorded(tmp_path / "run") as recovery:
            assert equal(poisoned(None, recovery=recovery), straight)


@pytest.mark.parametrize("forgotten", ["optimizer", "rate", "step"])
def test_nothing_of_the_state_may_be_forgotten(tmp_path, monkeypatch, forgotten):
    """The equalities above would not hold without each part."""
    with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
        train(Stops(19), recovery=recovery, save_every=0)
    if forgotten == "optimizer":
        monkeypatch.setattr(snapshot, "restore_optimizer", lambda optimizer, tensors: None)
    with recorded(tmp_path / "run") as recovery:
        state = recovery.load()
        if forgotten == "rate":
            state.facts["rate"] = 0.5
        if forgotten == "step":
            state.facts["step"] -= 1
        recovery.save(state)
        assert not equal(train(Stops(), recovery=recovery), train(Stops()))
