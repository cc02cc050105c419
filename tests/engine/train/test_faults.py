"""Interventions: a faulty step does not count, and training continues."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task, same, scripted, summed_loss
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import read_tensors
from tailwise.engine.contract.phase import Rate
from tailwise.engine.contract.run import Stability
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.state import loss_definition
from tailwise.losses.head.boost import ClassBoost
from tailwise.metrics.interventions import describe_action
from tailwise.optim.adamw import AdamW

PHASE = make_phase(epochs=3, lr=1e-3)
SAMPLES = range(40)


def poison(factor, epochs, sample=7):
    """The loss of a batch with this sample is multiplied, in these epochs alone."""

    def prepare(batch, strength, keys):
        batch.inputs["epoch"] = torch.from_numpy(keys[:, 2])
        return batch

    def loss(outputs, batch, boost):
        bad = bool((batch.index == sample).any()) and int(batch.inputs["epoch"][0]) in epochs
        return {name: value * (factor if bad else 1) for name, value in summed_loss(outputs, batch, boost).items()}

    return {"prepare": prepare, "loss": loss}


class Ignoring(Linear):
    """`poison` tells the loss the epoch by way of the inputs."""

    def forward(self, x, epoch=None):
        return super().forward(x)


def train(model=None, phase=PHASE, run=None, fallback=None, max_rollbacks=3, **changed):
    task = replace(make_task(model or Ignoring(5, HEADS), make_table(40), **changed), fallback=fallback)
    stability = Stability(guards=True, spike_factor=2.0, max_rollbacks=max_rollbacks)
    return train_phase(task, phase, SAMPLES, {}, make_run(batch_size=2, stability=stability, **(run or {})))


def reported(trained):
    return [(i.fault, describe_action(i)) for record in trained.history for i in record.interventions]


def test_a_healthy_run_sees_no_intervention():
    assert reported(train()) == []


def test_guards_change_nothing_where_nothing_is_wrong():
    task, run = make_task(Ignoring(5, HEADS), make_table(40)), make_run(batch_size=2, stability=Stability(guards=False))
    assert same(train().weights, train_phase(task, PHASE, SAMPLES, {}, run).weights)


@pytest.mark.parametrize("factor", [math.inf, math.nan])
def test_a_batch_that_is_not_finite_is_skipped(factor):
    trained = train(**poison(factor, {1}))
    assert reported(trained) == [("not finite", "batch skipped")]
    assert all(torch.isfinite(tensor).all() for tensor in trained.weights.values())


def test_a_skipped_batch_moves_nothing():
    """Neither weights nor the optimizer's memory: as if the phase had not had the sample's batch at all."""
    seen = []

    def watch(batch, strength, keys):
        seen.append(batch.index.tolist())
        return batch

    phase = make_phase(epochs=1, lr=1e-3, optimizer=AdamW("adamw", 0.1))
    skipped = train(phase=phase, **poison(math.nan, {0}))
    train(phase=phase, prepare=watch)
    assert len(skipped.history[0].interventions) == 1
    model, pairs = Linear(5, HEADS), [pair for pair in seen if 7 not in pair]
    table = make_table(40)
    optimizer = torch.optim.AdamW(
        [{"params": [p], "weight_decay": 0.1 if p.ndim > 1 else 0.0} for p in model.parameters()], lr=1e-3
    )
    lrs = [phase.lr * phase.schedule.factor(step, 20) for step, pair in enumerate(seen) if 7 not in pair]
    for pair, lr in zip(pairs, lrs):
        for group in optimizer.param_groups:
            group["lr"] = lr
        batch = table.collate(pair)
        sums = summed_loss(model(batch.inputs["x"]), batch, None)
        optimizer.zero_grad()
        sum(value / 2 for value in sums.values()).backward()
        optimizer.step()
    torch.testing.assert_close(skipped.weights, dict(model.state_dict()), rtol=0, atol=1e-6)


def test_the_third_within_fifty_steps_rolls_back():
    trained = train(**poison(math.nan, {0, 1, 2}))
    assert [action for _, action in reported(trained)] == [
        "batch skipped",
        "batch skipped",
        "rolled back to the last good weights, rate x 0.5",
    ]


def test_a_spike_rolls_back_halves_the_rate_and_moves_on_in_the_data():
    trained = train(**poison(1e3, {1}))
    assert reported(trained) == [("loss spike", "rolled back to the last good weights, rate x 0.5")]
    straight = train()
    assert [r.lr for r in trained.history] == pytest.approx(
        [straight.history[0].lr, *(r.lr / 2 for r in straight.history[1:])]
    )


def test_an_exploding_gradient_rolls_back_too():
    class Explodes(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 1e5

    def loss(outputs, batch, boost):
        bad = bool((batch.index == 7).any()) and int(batch.inputs["epoch"][0]) == 1
        return summed_loss({n: Explodes.apply(x) if bad else x for n, x in outputs.items()}, batch, boost)

    trained = train(prepare=poison(1, set())["prepare"], loss=loss)
    assert [fault for fault, _ in reported(trained)] == ["exploding gradient"]


def test_going_back_is_going_back():
    """A spike in the last of an epoch's 20 steps undoes the epoch: good weights were kept at its beginning."""
    seen = []

    def watch(batch, strength, keys):
        seen.append((int(keys[0, 2]), batch.index.tolist()))
        return batch

    train(prepare=watch)
    last = [pair for epoch, pair in seen if epoch == 1][-1]
    trained = train(**poison(1e3, {1}, sample=last[0]))
    assert trained.history[1].interventions and trained.history[1].totals == trained.history[0].totals
    assert train().history[1].totals != trained.history[0].totals


def test_a_loss_that_no_longer_comes_down_rolls_back_again():
    """After a spike every loss is 1.8 times too high for as long as the rate is: none of them is a spike."""
    usual, seen = poison(1e3, {1}), []

    def loss(outputs, batch, boost):
        sums = usual["loss"](outputs, batch, boost)
        seen.append(float(sum(sums.values()).detach()) > 100)
        since = len(seen) - seen.index(True) if True in seen else 0
        return {name: value * (1.8 if 1 < since <= 22 else 1.0) for name, value in sums.items()}

    trained = train(phase=make_phase(6, 1e-3), prepare=usual["prepare"], loss=loss)
    assert reported(trained) == [
        ("loss spike", "rolled back to the last good weights, rate x 0.5"),
        ("loss stays high", "rolled back to the last good weights, rate x 0.125"),  # a quarter of a half
    ]


class Wide(nn.Module):
    """A layer more than Ignoring, whose own layers it has, too."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(5, 5)
        self.heads = Ignoring(5, HEADS).heads

    def forward(self, x, epoch=None):
        return {name: head(self.first(x)) for name, head in self.heads.items()}


def simpler_task(loss, prepare):
    return replace(make_task(Ignoring(5, HEADS), make_table(40), loss=loss, prepare=prepare), spec={"simple": True})


@pytest.mark.parametrize(("recalls", "best", "fallback"), [((0.1, 0.5, 0.6), 3, 1), ((0.9, 0.1, 0.2), 1, 0)])
def test_after_too_many_rollbacks_the_next_simpler_model_goes_on_from_the_weights_that_fit(
    monkeypatch, recalls, best, fallback
):
    """What was best before stays the best, until the fallback model is better."""
    scripted(monkeypatch, recalls)
    bad, good = poison(1e3, {1}), poison(1.0, set())
    trained = train(Wide(), max_rollbacks=0, fallback=lambda: simpler_task(**good), **bad)
    assert reported(trained) == [("loss spike", "fell back to a simpler model, 4 of its 4 tensors loaded")]
    assert (trained.best, trained.fallback, len(trained.history)) == (best, fallback, 3)
    model = Linear(5, HEADS) if fallback else Wide()
    assert (
        trained.spec == ({"simple": True} if fallback else {}) and trained.weights.keys() == model.state_dict().keys()
    )


def test_patterns_for_parts_missing_in_the_simpler_model_are_ignored():
    phase = make_phase(3, 1e-3, trainable=("first.*", "heads.*"), rates=(Rate("first.*", 0.1),))
    bad, good = poison(1e3, {1}), poison(1.0, set())
    trained = train(Wide(), phase, max_rollbacks=0, fallback=lambda: simpler_task(**good), **bad)
    assert reported(trained) == [("loss spike", "fell back to a simpler model, 4 of its 4 tensors loaded")]


def test_a_simpler_model_with_nothing_to_train_cannot_take_over(tmp_path):
    phase, bad, good = make_phase(3, 1e-3, trainable=("first.*",)), poison(1e3, {1}), poison(1.0, set())
    message = (
        "lower its lr; no simpler model can take over .trainable: nothing would be trained.; the weights of epoch 1"
    )
    with pytest.raises(UserError, match=message), Recovery(tmp_path / "run") as recovery:
        run = {"recovery": recovery}
        train(Wide(), phase, max_rollbacks=0, run=run, fallback=lambda: simpler_task(**good), **bad)


def test_without_a_simpler_model_it_ends_and_the_best_weights_are_kept(tmp_path):
    message = r"phase1 epoch 2 step \d+: loss spike .* after 0 rollbacks; lower its lr; the weights of epoch 1 are kept"
    with pytest.raises(UserError, match=message), Recovery(tmp_path / "run") as recovery:
        train(max_rollbacks=0, run={"recovery": recovery}, **poison(1e3, {1}))
    kept, spec = read_tensors(tmp_path / "run" / "best.safetensors")
    assert (
        spec == {}
        and same(kept, train(max_rollbacks=0, phase=make_phase(1, 1e-3), **poison(1e3, set())).weights) is False
    )
    assert kept.keys() == Linear(5, HEADS).state_dict().keys()


def short_of(where, most, count=1):
    """A model and an optimizer that find no memory for more than `most` samples at once, `count` times in the step."""
    left = [count]

    class Hungry(Linear):
        def forward(self, x):
            if where == "forward" and torch.is_grad_enabled() and len(x) > most:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
            if where == "validation" and not torch.is_grad_enabled() and len(x) > most:
                raise MemoryError
            outputs = super().forward(x)
            if where == "backward" and len(x) > most:
                for out in outputs.values():
                    out.requires_grad and out.register_hook(self.fail)
            return outputs

        @staticmethod
        def fail(gradient):
            raise torch.OutOfMemoryError("CUDA out of memory")

    class Step(torch.optim.AdamW):
        def step(self, closure):
            closure()
            if where == "step" and left[0] and self.state:
                left[0] -= 1
                self.param_groups[0]["params"][0].data.add_(1.0)  # half-way through
                raise RuntimeError("not enough memory: you tried to allocate 8 bytes")
            return super().step()

    class Build:
        @staticmethod
        def build(groups, lr):
            return Step(groups, lr)

    return Hungry(5, HEADS).double(), Build


@pytest.mark.parametrize(
    ("where", "most", "sizes"),
    [("none", 99, []), ("forward", 4, [8, 4]), ("backward", 5, [8, 4]), ("step", 99, [8]), ("validation", 9, [8])],
)
def test_out_of_memory_halves_the_micro_batch_and_nothing_else(where, most, sizes):
    """With class weights, missing labels and an uneven last micro-batch."""
    table = make_table(38)
    table.inputs["x"] = table.inputs["x"].double()
    table.targets["colour"][::3] = IGNORE
    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]).double(), torch.tensor([8.0, 8.0, 8.0]))}
    runs = []
    for here in ("none", where):
        model, optimizer = short_of(here, most)
        task = make_task(model, table, table)
        phase = make_phase(epochs=2, lr=1e-2, optimizer=optimizer, clip=0.3)
        runs.append(train_phase(task, phase, range(38), boost, make_run(batch_size=16)))
    straight, short = runs
    torch.testing.assert_close(short.weights, straight.weights, rtol=0, atol=1e-12)
    assert [action for _, action in reported(short)] == [f"micro-batch {size}, same step again" for size in sizes]
    assert short.micro_batch == (sizes or [16])[-1]


def test_with_one_sample_at_a_time_there_is_nothing_left_to_halve():
    model, optimizer = short_of("forward", 0)
    with pytest.raises(UserError, match="phase1 epoch 1 step 1: out of memory with one sample at a time"):
        train_phase(make_task(model.float()), make_phase(optimizer=optimizer), range(24), {}, make_run(batch_size=4))


def test_another_error_is_no_lack_of_memory():
    def broken(outputs, batch, boost):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        train(loss=broken)


def test_interventions_are_part_of_the_history_and_of_what_is_reported(capsys):
    trained = train(**poison(math.nan, {1}))
    (found,) = trained.history[1].interventions
    assert (found.epoch, found.fault) == (2, "not finite")
    assert f"phase1 epoch 2 step {found.step}: not finite (loss nan" in capsys.readouterr().out


def test_a_second_evaluation_that_is_not_finite_leaves_the_weights_of_before_the_first():
    """Sharpness-aware steps have climbed by then."""

    class Climbs(torch.optim.SGD):
        def step(self, closure):
            closure()
            with torch.no_grad():
                self.param_groups[0]["params"][0].add_(math.inf)
            closure()

    class Build:
        @staticmethod
        def build(groups, lr):
            return Climbs(groups, lr)

    model = Ignoring(5, HEADS)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(UserError, match="not finite again"):
        train(model, phase=make_phase(1, 1e-3, optimizer=Build), max_rollbacks=0)
    assert same(model.state_dict(), before)


def test_very_easy_data_with_a_hard_sample_is_healthy():
    """Losses of a thousandth; a batch with 50 times its loss is still nearly right, one with 1e4 times is not."""

    def easy(factor):
        found = poison(factor, {1})
        return {**found, "loss": lambda *given: {name: 1e-3 * of for name, of in found["loss"](*given).items()}}

    assert reported(train(**easy(50))) == []
    assert [fault for fault, _ in reported(train(**easy(1e4)))] == ["loss spike"]


def test_losses_under_other_boosts_are_no_spike():
    """A margin that makes every loss larger; the window handed over would call the first step a spike."""
    phase = replace(PHASE, hand_over="last")
    handed = train(phase=phase).last
    boost = {"colour": ClassBoost(torch.tensor([1.0, 3e4, 3e4]), torch.ones(3), "margin")}

    def go_on(handed):
        task = make_task(Ignoring(5, HEADS), make_table(40))
        run = make_run(batch_size=2, stability=Stability())
        return train_phase(task, phase, SAMPLES, boost, run, handed)

    assert handed.loss == loss_definition(phase, {}) != loss_definition(phase, boost)
    assert reported(go_on(handed)) == []
    with pytest.raises(UserError, match="epoch 1 step 10: loss spike .* after 8 rollbacks"):
        go_on(replace(handed, loss=loss_definition(phase, boost)))


def test_the_window_goes_on_where_the_boosts_are_the_same():
    phase = replace(PHASE, hand_over="last")
    handed = train(phase=phase).last
    same_again, other = (
        train_phase(
            make_task(Ignoring(5, HEADS), make_table(40)), phase, SAMPLES, {}, make_run(batch_size=2), given
        ).last
        for given in (handed, replace(handed, loss=""))
    )
    assert same(same_again.tensors, other.tensors)
    assert len(handed.guard["losses"]) == 60 and len(same_again.guard["losses"]) == 64
