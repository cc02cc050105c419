"""Settings of a phase."""

import pytest
import torch
from torch import nn

from support.helpers import HEADS, Linear, make_phase
from tailwise.core.errors import UserError
from tailwise.engine.contract.options import EarlyStopping, epochs_without_improvement, samples_by_epoch, stepwise
from tailwise.engine.contract.phase import (
    Rate,
    adapt_phase,
    parameter_lines,
    rate_groups,
    set_trainable,
    shapes,
    train_mode,
)
from tailwise.optim.adamw import AdamW
from tailwise.optim.average import SWA
from tailwise.optim.ranger import Ranger
from tailwise.optim.sam import SAM
from tailwise.optim.sgd import SGD


@pytest.mark.parametrize(
    ("patterns", "moving"),
    [
        (("*",), {"colour.weight", "colour.bias", "size.weight", "size.bias"}),
        (("heads.size.*",), {"size.weight", "size.bias"}),
        (("*.bias",), {"colour.bias", "size.bias"}),
        (("*", "!heads.size.*"), {"colour.weight", "colour.bias"}),
        (("!*.bias", "*"), {"colour.weight", "size.weight"}),
        (("heads.size.bias", "heads.colour.w*"), {"size.bias", "colour.weight"}),
    ],
)
def test_patterns_name_what_moves(patterns, moving):
    model = Linear(5, HEADS)
    parameters = set_trainable(model, patterns)
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert named.keys() == {f"heads.{name}" for name in moving}
    assert [id(p) for p in parameters] == [id(p) for p in named.values()]


def test_a_phase_thaws_what_an_earlier_one_froze():
    model = Linear(5, HEADS)
    set_trainable(model, ("*.bias",))
    assert len(set_trainable(model, ("*",))) == 4


@pytest.mark.parametrize("patterns", [("*", "backbone.*"), ("head.*",), ("*", "!backbone.*")])
def test_a_pattern_that_names_nothing_is_refused(patterns):
    with pytest.raises(UserError, match=f"trainable: '{patterns[-1].strip('!')}' names no parameter of the model"):
        set_trainable(Linear(5, HEADS), patterns)


def test_a_simpler_model_trains_what_the_one_asked_for_has_not():
    """first: the same; last: its weight has another shape; new: not there before, so nothing can freeze it; gone."""
    asked = nn.ModuleDict({"first": nn.Linear(2, 2), "last": nn.Linear(2, 2), "gone": nn.Linear(2, 2)})
    fallback = nn.ModuleDict({"first": nn.Linear(2, 2), "last": nn.Linear(3, 2), "new": nn.Linear(2, 2)})
    rates = (Rate("gone.*", 0.1), Rate("*.weight", 0.5))
    phase = make_phase(trainable=("first.weight", "gone.*", "!gone.bias", "!new.*"), rates=rates)
    fitted = adapt_phase(phase, fallback, shapes(asked))
    set_trainable(fallback, fitted.trainable)
    moving = {name for name, parameter in fallback.named_parameters() if parameter.requires_grad}
    assert moving == {"first.weight", "last.weight", "new.weight", "new.bias"} and fitted.rates == rates[1:]


@pytest.mark.parametrize("patterns", [(), ("!heads.size.*",), ("*", "!*")])
def test_a_phase_that_trains_nothing_is_refused(patterns):
    with pytest.raises(UserError, match="nothing would be trained"):
        set_trainable(Linear(5, HEADS), patterns)


def test_parts_move_at_their_own_rates():
    model = Linear(5, HEADS)
    set_trainable(model, ("*", "!heads.size.bias"))
    groups = rate_groups(model, (Rate("heads.size.*", 0.1), Rate("*.weight", 0.5)))
    named = {id(p): name for name, p in model.named_parameters()}
    assert [(g["rate"], [named[id(p)] for p in g["params"]]) for g in groups] == [
        (0.5, ["heads.colour.weight"]),
        (1.0, ["heads.colour.bias"]),
        (0.1, ["heads.size.weight"]),
    ]


def test_without_rates_all_that_moves_is_one_group():
    model = Linear(5, HEADS)
    (group,) = rate_groups(model, ())
    assert group["rate"] == 1 and len(group["params"]) == 4


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((Rate("backbone.*", 0.1),), r"rates: 'backbone.\*' names no parameter of the model; it has heads.colour\*"),
        ((Rate("*", 0.1), Rate("heads.size.*", 0.5)), r"rates: 'heads.size.\*' has no effect"),
        ((Rate("*.bias", 0.1),), r"rates: '\*.bias' has no effect: what it names is frozen"),
    ],
)
def test_a_rate_without_effect_is_refused(rates, said):
    model = Linear(5, HEADS)
    set_trainable(model, ("*.weight",))
    with pytest.raises(UserError, match=said):
        rate_groups(model, rates)


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="freeze parameters by trainable"):
        Rate("*", 0.0)


DECAYS = (Rate("heads.size.*", 0.5, weight_decay=0.4), Rate("heads.colour.*", weight_decay=0.0))


def test_a_group_decays_at_its_own_rate_by_one_step_by_hand():
    """Plain descent on gradients of 1, at a rate of 0.1: w - 0.1 * factor * (1 + decay * w), and no decay of biases."""
    model = Linear(5, HEADS).double()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = SGD("sgd", 0.2, momentum=0.0).build(rate_groups(model, DECAYS[:1]), 0.1)
    for group in optimizer.param_groups:
        group["lr"] = 0.1 * group["rate"]
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    for name, parameter in model.named_parameters():
        factor, decay = (0.5, 0.4) if "size" in name else (1.0, 0.2)
        decay = 0.0 if name.endswith("bias") else decay
        torch.testing.assert_close(parameter.detach(), before[name] - 0.1 * factor * (1 + decay * before[name]))


@pytest.mark.parametrize("kind", [AdamW("adamw", 0.1), Ranger("ranger", 0.1), SAM("sam", SGD("sgd", 0.1))])
def test_every_optimizer_takes_the_decay_of_groups(kind):
    model = Linear(5, HEADS)
    groups = kind.build(rate_groups(model, DECAYS[:1]), 1e-3).param_groups
    named = {id(p): name for name, p in model.named_parameters()}
    assert {named[id(p)]: group["weight_decay"] for group in groups for p in group["params"]} == {
        "heads.colour.weight": 0.1,
        "heads.colour.bias": 0.0,
        "heads.size.weight": 0.4,
        "heads.size.bias": 0.0,
    }


def test_a_row_without_a_decay_keeps_the_optimizers_and_0_is_none():
    model = Linear(5, HEADS)
    groups = rate_groups(model, (Rate("heads.size.*", 0.5), *DECAYS[1:]))
    assert [(group["rate"], group.get("weight_decay")) for group in groups] == [(1.0, 0.0), (0.5, None)]
    decays = {
        group["rate"]: group["weight_decay"] for group in AdamW("adamw", 0.1).build(groups, 1e-3).param_groups[::2]
    }
    assert decays == {1.0: 0.0, 0.5: 0.1}


def test_a_decay_without_effect_is_refused():
    with pytest.raises(UserError, match=r"rates: '\*.bias': weight_decay has no effect: biases and norms never decay"):
        rate_groups(Linear(5, HEADS), (Rate("*.bias", weight_decay=0.1),))


def test_a_negative_decay_is_refused():
    with pytest.raises(ValueError, match="weight_decay must not be negative, found -0.1"):
        Rate("*", weight_decay=-0.1)


def test_a_fallback_model_keeps_the_decay_of_what_it_still_has():
    """Its last layer has no weight that decays, so the row is left with its rate alone."""
    asked = nn.ModuleDict({"first": nn.Linear(2, 2), "last": nn.Linear(2, 2)})
    fallback = nn.ModuleDict({"first": nn.Linear(2, 2), "last": nn.LayerNorm(2)})
    rates = (Rate("first.*", 0.5, 0.2), Rate("last.*", 0.1, 0.3))
    fitted = adapt_phase(make_phase(rates=rates), fallback, shapes(asked))
    assert fitted.rates == (rates[0], Rate("last.*", 0.1))
    set_trainable(fallback, fitted.trainable)
    assert len(rate_groups(fallback, fitted.rates)) == 2


def test_parameters_are_counted_by_part():
    assert parameter_lines(Linear(5, HEADS), ("*.bias",)) == [
        "model                 30 parameters, 5 trainable",
        "heads                 30 parameters, 5 trainable",
    ]


def test_a_part_that_is_all_frozen_is_in_evaluation_mode():
    model = nn.ModuleDict({"a": nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "b": nn.Linear(2, 2)})
    set_trainable(model, ("b.*",))
    train_mode(model)
    assert [model["a"].training, model["a"][1].training, model["b"].training] == [False, False, True]
    set_trainable(model, ("*",))
    train_mode(model)
    assert all(part.training for part in model.modules())


def test_decay_spares_biases_and_norms():
    model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3), nn.Conv1d(3, 3, 1))
    groups = AdamW("adamw", 0.1).build(rate_groups(model, ()), 1e-3).param_groups
    assert [(g["weight_decay"], {p.ndim for p in g["params"]}) for g in groups] == [(0.1, {2, 3}), (0.0, {1})]
    assert sum(len(g["params"]) for g in groups) == 6
    alone = AdamW("adamw", 0.1).build([{"params": [nn.Parameter(torch.zeros(3))], "rate": 1.0}], 1e-3)
    assert [g["weight_decay"] for g in alone.param_groups] == [0.0]


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"lr": 0.0}, {"clip": 0.0}, {"augment": 1.1}, {"augment": -0.1}])
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValueError):
        make_phase(**wrong)


@pytest.mark.parametrize(
    ("scores", "stops"), [([], False), ([0.5], False), ([0.5, 0.5], False), ([0.5, 0.5, 0.4], True)]
)
def test_early_stopping_waits_for_its_patience(scores, stops):
    assert EarlyStopping(patience=2).stops(scores) == stops


@pytest.mark.parametrize(("min_delta", "waited"), [(0.0, 0), (0.1, 1), (0.18, 0), (0.3, 3)])
def test_an_improvement_exceeds_the_best_by_min_delta(min_delta, waited):
    assert epochs_without_improvement([0.5, 0.55, 0.65, 0.7], min_delta) == waited


@pytest.mark.parametrize(
    "wrong",
    [{"keep_every": -1}, {"average": SWA("swa", 2), "early_stopping": EarlyStopping(1)}],
)
def test_contradicting_options_are_refused(wrong):
    with pytest.raises(ValueError):
        make_phase(**wrong)


def test_a_schedule_of_samples_holds_until_its_next_entry():
    assert samples_by_epoch(stepwise({1: [0, 1], 3: [2]}), 4) == [[0, 1], [0, 1], [2], [2]]
    assert samples_by_epoch(range(2), 2) == [[0, 1], [0, 1]]
