"""Layers that cannot train by construction are not reported as frozen; dead layers are, from any step on."""

import pytest
import torch
from torch import nn

from support.helpers import HEADS, Linear, Table, make_phase, make_run, make_table, make_task, same
from tailwise.engine.contract.run import Stability
from tailwise.engine.train.guards import FROZEN_STEPS
from tailwise.engine.train.idle import zero_gradient_parameters
from tailwise.engine.train.loop import train_phase
from tailwise.models.video.variants import Dual, Optimized, Progressive, Simplified

DIM, N = 16, 24
STEPS = N // 4
EPOCHS = 2 * FROZEN_STEPS // STEPS + 1
VARIANTS = [
    Simplified(0.1, "simplified"),
    Progressive(0.1, "progressive"),
    Optimized(0.1, "optimized"),
    Dual(0.1, "dual"),
]


class Views(nn.Module):
    """x (B, V, D), mask (B, V) to logits, by a variant of the fouls pipeline's; always the same first weights."""

    def __init__(self, variant):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(DIM, DIM)
        self.fusion = variant.build(DIM, [len(head.classes) for head in HEADS])

    def forward(self, x, mask):
        return {head.name: out for head, out in zip(HEADS, self.fusion(self.first(x).relu(), mask))}


def seen_by(views, n=N):
    """A table of so many samples, each seen by as many views as `views` says in turn, padded to the most."""
    most = max(views)
    x = torch.randn(n, most, DIM, generator=torch.Generator().manual_seed(0))
    mask = torch.stack([torch.arange(most) < views[i % len(views)] for i in range(n)])
    return Table({"x": x, "mask": mask}, {head.name: x[:, 0, : len(head.classes)].argmax(dim=1) for head in HEADS})


def train(model, table, epochs=EPOCHS, **other):
    run = make_run(batch_size=4, stability=Stability(guards=True), **other)
    return train_phase(make_task(model, table, table), make_phase(epochs, 1e-3), range(len(table)), {}, run)


def frozen(trained):
    notes = [each for record in trained.history for each in record.interventions]
    return [each.parameter for each in notes if each.fault == "frozen layer"]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.kind)
def test_nothing_is_said_of_an_attention_over_one_view(variant):
    model, moved = Views(variant), set()
    for name, parameter in model.named_parameters():
        parameter.register_hook(lambda gradient, name=name: moved.add(name) if gradient.any() else None)
    trained = train(model, seen_by([1]))
    still = {name for name, _ in model.named_parameters()} - moved
    assert still and all("attention" in name or "query" in name for name in still)
    assert frozen(trained) == []


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.kind)
def test_with_a_sample_of_two_views_all_of_it_can_move(variant):
    model, table = Views(variant), seen_by([1, 2])
    names = [name for name, _ in model.named_parameters()]
    batches = [table.collate([0, 2]), table.collate([1])]
    task, run = make_task(model, table), make_run()
    one = zero_gradient_parameters(task, run, (batches[:1], []), names)
    assert one and zero_gradient_parameters(task, run, (batches[1:], []), names) == []
    assert zero_gradient_parameters(task, run, (batches[:1], []), ["first.weight"]) == []


def dead_relu(model):
    model.first.bias.data.fill_(-1e6)


def cut_off(model):
    model.first.weight.register_hook(torch.zeros_like)
    model.first.bias.register_hook(torch.zeros_like)


@pytest.mark.parametrize("views", [[1], [1, 2]])
@pytest.mark.parametrize("broken", [dead_relu, cut_off])
def test_a_layer_that_is_dead_from_the_first_step_is_reported_once(broken, views):
    model = Views(Simplified(0.0, "simplified"))
    broken(model)
    reported = frozen(train(model, seen_by(views)))
    assert {name for name in reported if name.startswith("first.")} == {"first.weight", "first.bias"}
    assert len(reported) == len(set(reported))


def test_of_a_layer_that_dies_with_one_view_only_what_could_move_is_reported():
    model = Views(Simplified(0.0, "simplified"))
    dead_relu(model)
    reported = frozen(train(model, seen_by([1])))
    assert not [name for name in reported if "attention" in name]


def test_inputs_that_are_all_zero_are_reported():
    """Black clips: the first layer could move, had it anything to look at."""
    table = seen_by([1])
    table.inputs["x"].zero_()
    assert "first.weight" in frozen(train(Views(Simplified(0.0, "simplified")), table))


class Sequence(nn.Module):
    """x (B, T, 5) through a recurrent layer with batch norm; logits of the last step."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.recurrent, self.norm = nn.LSTM(5, 8, batch_first=True), nn.BatchNorm1d(8)
        self.heads = Linear(8, HEADS)

    def forward(self, x):
        return self.heads(self.norm(self.recurrent(x)[0][:, -1]))


@pytest.mark.parametrize(("length", "expected"), [(1, ["recurrent.weight_hh_l0"]), (2, [])])
def test_a_sequence_of_one_step_has_no_step_before(length, expected):
    model, x = Sequence(), torch.randn(8, length, 5)
    table = Table({"x": x}, make_table(8).targets)
    names = [name for name, _ in model.named_parameters()]
    assert (
        zero_gradient_parameters(make_task(model, table), make_run(), ([table.collate([0, 1])], []), names) == expected
    )


def test_looking_leaves_no_trace():
    """The same weights, statistics, random numbers and gradients, and the mode of training."""
    model, table = Sequence(), Table({"x": torch.randn(8, 1, 5)}, make_table(8).targets)
    model.train()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    before = torch.random.get_rng_state()
    names = [name for name, _ in model.named_parameters()]
    zero_gradient_parameters(make_task(model, table), make_run(), ([table.collate([0, 1])], []), names)
    assert same(model.state_dict(), state) and torch.equal(torch.random.get_rng_state(), before)
    assert all(part.training for part in model.modules()) and all(p.grad is None for p in model.parameters())


def test_looking_changes_no_weight_of_a_run():
    """Dropout draws the same after it, and a run without guards never looks."""
    model = VARIANTS[0]
    table, phase = seen_by([1]), make_phase(EPOCHS, 1e-3)
    plain = make_run(batch_size=4, stability=Stability(guards=False))
    unlooked = train_phase(make_task(Views(model), table, table), phase, range(N), {}, plain)
    assert same(train(Views(model), table).weights, unlooked.weights)


def test_out_of_memory_is_reported():
    class Short(Linear):
        def forward(self, x):
            raise MemoryError

    table = make_table(8)
    drawn = [table.collate([0])], []
    assert zero_gradient_parameters(make_task(Short(5, HEADS), table), make_run(), drawn, ["heads.size.weight"]) == []
