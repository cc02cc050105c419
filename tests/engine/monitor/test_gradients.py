"""Gradient norms of a model's blocks."""

import math

import pytest
import torch
from torch import nn

from tailwise.core.files import read_csv
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.alerts import alerts
from tailwise.engine.monitor.gradients import blocks_of, norms_of
from tailwise.engine.monitor.history import write_history


def sizes(model):
    return {name: p.numel() for name, p in model.named_parameters()}


def test_the_largest_part_is_divided_first():
    model = nn.ModuleDict({"body": nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9)), "head": nn.Linear(9, 2)})
    blocks = blocks_of(sizes(model), most=3)
    assert list(dict.fromkeys(blocks.values())) == ["body.0", "body.1", "head"]
    assert blocks["body.1.bias"] == "body.1" and blocks["head.weight"] == "head"
    assert set(blocks_of(sizes(model), most=2).values()) == {"body", "head"}
    assert set(blocks_of(sizes(model), most=1).values()) == {"model"}


def test_of_many_layers_neighbours_stay_together():
    deep = nn.ModuleDict({"layers": nn.Sequential(*(nn.Linear(4, 4) for _ in range(7))), "head": nn.Linear(4, 2)})
    blocks = blocks_of(sizes(deep), most=4)
    assert list(dict.fromkeys(blocks.values())) == ["layers.0 to 1", "layers.2 to 3", "layers.4 to 6", "head"]


def test_every_parameter_is_in_one_block_also_those_of_a_module_with_others_below_it():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.inner = nn.Parameter(torch.zeros(3)), nn.Linear(3, 3)

    model = nn.ModuleDict({"one": Tokens(), "two": nn.Linear(2, 2)})
    blocks = blocks_of(sizes(model))
    assert blocks == {"one.token": "one", **dict.fromkeys(["one.inner.weight", "one.inner.bias"], "one.inner"),
                      **dict.fromkeys(["two.weight", "two.bias"], "two")}  # fmt: skip
    assert blocks_of({}) == {} and set(blocks_of(sizes(nn.Linear(3, 2))).values()) == {"model"}


def test_norms_of_blocks_make_up_the_global_norm():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3), nn.Linear(3, 1))
    model(torch.randn(6, 5)).sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    found = norms_of({name: g.norm().item() for name, g in gradients.items()}, blocks_of(sizes(model)))
    assert list(found) == ["0", "2", "3"]
    whole = torch.cat([g.flatten() for g in gradients.values()]).norm().item()
    assert math.hypot(*found.values()) == pytest.approx(whole, rel=1e-5)
    own = torch.cat([gradients["2.weight"].flatten(), gradients["2.bias"].flatten()]).norm().item()
    assert found["2"] == pytest.approx(own, rel=1e-5)


def record(epoch, **norms):
    return EpochRecord("p", epoch, 5, 0.1, 1.0, 2.0, {}, block_norms=norms)


def test_history_keeps_the_digits_of_a_tiny_norm(tmp_path):
    write_history(tmp_path, [record(1, body=1.5), record(2, body=3e-9, head=0.25)], {}, {})
    rows = [tuple(row.values()) for row in read_csv(tmp_path / "gradients.csv")]
    assert rows == [("1", "body", "1.500e+00"), ("2", "body", "3.000e-09"), ("2", "head", "2.500e-01")]


def test_a_block_whose_gradient_vanishes_raises_one_alert():
    healthy = [record(epoch, body=1e-3) for epoch in (1, 2, 3, 4)]
    assert alerts(healthy, {}) == []
    vanished = [record(1, body=1.0), *(record(epoch, body=1e-4, head=1.0) for epoch in (2, 3, 4, 5))]
    (alert,) = alerts(vanished, {})
    assert (alert.epoch, alert.kind, alert.head, alert.label) == (4, "vanishing gradient", "", "")
    assert alert.text == "gradient of body below 0.0001 of the model's for 3 epochs"
    frozen = [record(epoch) if epoch == 2 else record(epoch, body=1e-4) for epoch in (1, 2, 3)]
    assert alerts(frozen, {}) == []
