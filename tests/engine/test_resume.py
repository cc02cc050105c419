"""An interrupted run that goes on is the run that was never interrupted."""

import pytest

from helpers import HEADS, Linear, make_phase, make_run, make_task, noisy, same
from tailwise.engine import loop
from tailwise.engine.loop import train_phase
from tailwise.engine.phase import AdamW
from tailwise.engine.recovery import Recovery


def train(task=None, phase=None, **run):
    return train_phase(task or make_task(), phase or make_phase(), range(24), {}, make_run(**run))


class Stop(Exception):
    pass


def stop_after(epoch):
    def observe(history):
        if len(history) == epoch:
            raise Stop

    return observe


@pytest.mark.parametrize("stops", [[1], [3], [1, 2, 4]])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path, stops):
    phase = make_phase(epochs=5, lr=3e-2, augment=1.0, optimizer=AdamW("adamw", 0.1))

    def fresh():
        return make_task(Linear(5, HEADS, dropout=0.3), prepare=noisy)

    straight, seen = train(fresh(), phase), []
    for epoch in stops:
        with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
            train(fresh(), phase, recovery=recovery, observers=(stop_after(epoch),))
    with Recovery(tmp_path / "run") as recovery:
        resumed = train(fresh(), phase, recovery=recovery, observers=(lambda history: seen.append(len(history)),))
    assert seen == list(range(stops[-1] + 1, 6))
    assert same(resumed.weights, straight.weights)
    assert (resumed.history, resumed.best) == (straight.history, straight.best)


def test_a_run_stopped_after_its_last_epoch_only_gives_its_result(tmp_path):
    with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
        train(recovery=recovery, observers=(stop_after(2),))
    with Recovery(tmp_path / "run") as recovery:
        resumed = train(recovery=recovery, observers=(stop_after(2),))
    assert same(resumed.weights, train().weights)


def test_the_optimizers_state_is_part_of_what_resumes(tmp_path, monkeypatch):
    """The equality above would not hold without it."""
    phase = make_phase(epochs=3, lr=3e-2)
    with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
        train(phase=phase, recovery=recovery, observers=(stop_after(1),))
    monkeypatch.setattr(loop, "restore_optimizer", lambda optimizer, tensors: None)
    task = make_task()
    with Recovery(tmp_path / "run") as recovery:
        train(task, phase, recovery=recovery)
    straight = make_task()
    train(straight, phase)
    assert not same(task.model.state_dict(), straight.model.state_dict())
