"""Each option of a phase stays correct after a fault, and the run resumes to the last bit."""

import math
from dataclasses import replace

import pytest
import torch

from support.helpers import make_phase, make_run, make_table, make_task, noisy, same
from support.training.options import CONSTANT, OPTIONS, PHASE, Model, growing, outcome
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.snapshot import copied, optimizer_tensors
from tailwise.engine.contract.options import EarlyStopping
from tailwise.engine.contract.run import Stability
from tailwise.engine.train import guards, loop
from tailwise.engine.train.guards import StepNumbers
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.step import StepRejected
from tailwise.engine.train.trainer import PhaseTrainer
from tailwise.optim.average import EMA, SWA
from tailwise.optim.cosine import Cosine
from tailwise.optim.linear import Linear as Line
from tailwise.optim.plateau import Plateau
from tailwise.optim.restarts import CosineRestarts
from tailwise.optim.step import Step

FAULTS = {
    "skip batch": "not finite",
    "roll back": "loss spike",
    "fall back": "loss spike",
    "halve micro-batch": "out of memory",
}
"""{what is done: about which fault}"""
AT, GOOD_EVERY = 12, 11
"""The step with the fault, in the third epoch of 5 steps each, and when the weights for a rollback are kept."""
PHASES = {
    **OPTIONS,
    "early stopping": PHASE(early_stopping=EarlyStopping(2, min_delta=1.0)),
    "plateau": PHASE(schedule=Plateau("plateau", 0, 0.5, min_delta=1.0)),
    "swa": PHASE(average=SWA("swa", 3)),
    "last": PHASE(hand_over="last", average=EMA("ema", 0.8), keep_every=1),
    "curriculum": PHASE(),
    "handed": PHASE(hand_over="last", average=EMA("ema", 0.8), schedule=CONSTANT),
}
SCHEDULES = {
    "restarts": PHASE(schedule=CosineRestarts("cosine_restarts", 2)),
    "step": PHASE(schedule=Step("step", (0.5, 0.7), 0.5)),
    "line": PHASE(schedule=Line("linear", start=0.8, end=0.1)),
    "cosine": PHASE(schedule=Cosine("cosine", 0.0, 0.0, 0.8, 0.1)),
}


@pytest.fixture(scope="module")
def first():
    """What a phase before left."""
    task = make_task(Model(), make_table(20), prepare=noisy)
    return train_phase(task, replace(PHASES["handed"], epochs=1), range(20), {}, make_run(batch_size=4)).last


@pytest.fixture
def train(monkeypatch, first):
    """train(name, action, model): the phase of this name, with a fault at step AT that this is done about."""

    def trained(name, action, model, **run):
        def check_step(trainer, numbers, first):
            if trainer.number == AT and (action != "halve micro-batch" or trainer.state.micro_batch > 2):
                raise StepRejected(FAULTS[action], numbers)

        def task(model, spec, fallback=None):
            return replace(
                make_task(model, make_table(20), make_table(8, seed=1), prepare=noisy), spec=spec, fallback=fallback
            )

        def fallback():
            simpler = Model(model.at, model.error)
            simpler.calls = model.calls
            return task(simpler, {"simple": True})

        monkeypatch.setattr(loop, "check_step", check_step)
        stability = Stability(max_rollbacks=0 if action == "fall back" else 1)
        samples, handed = growing if name == "curriculum" else range(20), first if name == "handed" else None
        run = make_run(batch_size=4, stability=stability, **run)
        return train_phase(task(model, {}, fallback), (PHASES | SCHEDULES)[name], samples, {}, run, handed)

    monkeypatch.setattr(guards, "GOOD_EVERY", GOOD_EVERY)
    return trained


def all_tensors(trainer):
    """Copies of all that an optimizer step may change."""
    averaged = trainer.average.tensors() if trainer.average else {}
    groups = {"model": trainer.task.model.state_dict(), "optimizer": optimizer_tensors(trainer.optimizer)}
    every = {f"{group}/{n}": t for group, named in (groups | {"average": averaged}).items() for n, t in named.items()}
    return copied(every)


def watch(monkeypatch, action):
    """Compare the state after the fault with the one it must be; returns a list that grows with each comparison."""
    original, good, compared = loop.train_step, [], []

    def train_step(trainer, batches):
        before, kept, faults = all_tensors(trainer), trainer.good, len(trainer.state.interventions)
        good[:] = good or [before]
        original(trainer, batches)
        after = all_tensors(trainer)
        if len(trainer.state.interventions) > faults:
            if action == "fall back":
                good[:] = [{name: t for name, t in good[0].items() if name.startswith("model/")}]
                assert not (trainer.average and trainer.average.started)
                after = {name: t for name, t in after.items() if not name.startswith("average/")}
            compared.append(same(after, before if action in ("skip batch", "halve micro-batch") else good[0]))
        elif trainer.good is not kept:
            good[:] = [after]

    monkeypatch.setattr(loop, "train_step", train_step)
    return compared


def check_epochs(name, action, trained, kept):
    """How many epochs there were, their learning rates and the kept ones: an epoch with a fault counts as any other."""
    phase, scores = (PHASES | SCHEDULES)[name], [record.score for record in trained.history]
    assert len(scores) == (3 if name == "early stopping" else 4)
    numbers = range(phase.keep_every, 5, phase.keep_every) if phase.keep_every else ()
    assert sorted(kept) == [f"epoch{number:03}.safetensors" for number in numbers]
    steps = [2, 5, 9, 14] if name == "curriculum" else [5, 10, 15, 20]
    for i, (record, end) in enumerate(zip(trained.history, steps)):
        rate = 0.5 if action == "roll back" and any(r.interventions for r in trained.history[: i + 1]) else 1.0
        assert record.lr == pytest.approx(phase.lr * phase.schedule.factor(end - 1, steps[-1], scores[:i]) * rate)


SLOW = {"skip batch": pytest.mark.slow, "halve micro-batch": pytest.mark.slow}
CASES = [pytest.param(name, action, marks=SLOW.get(action, ())) for name in PHASES for action in FAULTS]


@pytest.mark.parametrize(("name", "action"), [*CASES, *((name, "roll back") for name in SCHEDULES)])
def test_a_fault_leaves_the_option_right_and_the_run_resumes(tmp_path, monkeypatch, train, name, action):
    model = Model()
    with monkeypatch.context() as patch, Recovery(tmp_path / "straight") as recovery:
        compared = watch(patch, action)
        trained = train(name, action, model, recovery=recovery)
        straight = outcome(trained, recovery.folder)
    assert compared == [True]
    assert {i.action for record in trained.history for i in record.interventions} == {action}
    check_epochs(name, action, trained, straight[-1])
    for at in (model.calls.number * 2 // 5, model.calls.number // 2):  # before the fault; from there on, after it
        with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
            train(name, action, Model(at, KeyboardInterrupt), recovery=recovery)
    with Recovery(tmp_path / "run") as recovery:
        assert outcome(train(name, action, Model(), recovery=recovery), recovery.folder) == straight


def test_a_micro_batch_halved_in_validation_leaves_the_average_as_a_resumed_run_does(tmp_path, monkeypatch):
    """Statistics of batch norm are measured by micro-batches; the run ends between the halving and what follows."""

    def run(model, **run):
        class Short(type(model.norm)):
            def forward(self, x):
                if not torch.is_grad_enabled() and not self.training and len(x) > 3:
                    raise MemoryError
                return super().forward(x)

        model.norm.__class__ = Short
        task = make_task(model, make_table(20), make_table(8, seed=1), prepare=noisy)
        phase = PHASE(epochs=1, average=EMA("ema", 0.8))
        return train_phase(task, phase, range(20), {}, make_run(batch_size=4, **run))

    straight = run(Model())
    for at in range(10, 15):  # about the first batch of validation, at which memory runs out
        with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / f"{at}") as recovery:
            run(Model(at, KeyboardInterrupt), recovery=recovery)
        with Recovery(tmp_path / f"{at}") as recovery:
            assert outcome(run(Model(), recovery=recovery)) == outcome(straight), at


@pytest.mark.parametrize("steps", [3, 60])
def test_a_next_phase_knows_how_long_ago_the_last_skipped_batches_were(steps):
    """As one phase would: two skips and a third within 50 steps go back, whichever phase they are in."""
    phase = make_phase(epochs=1, hand_over="last")
    trainer = PhaseTrainer(make_task(), phase, range(8 * steps), {}, make_run())
    trainer.state.guard.skipped = [0, 1]
    trainer.state.epoch = 1
    handed = trainer._hand_over()
    following = PhaseTrainer(make_task(), phase, range(24), {}, make_run(), handed)
    fault = following.state.guard.find_fault(StepNumbers(math.nan, 1.0, {}), 0, Stability())
    assert fault == ("not finite again" if steps < 50 else "not finite")


def test_a_state_handed_over_is_what_an_average_begins_with():
    first = train_phase(make_task(), make_phase(hand_over="last"), range(24), {}, make_run()).last
    trainer = PhaseTrainer(make_task(), make_phase(average=EMA("ema", 0.9)), range(24), {}, make_run(), first)
    assert same(trainer.average.model.state_dict(), trainer.task.model.state_dict())
