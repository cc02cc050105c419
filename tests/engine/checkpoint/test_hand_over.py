"""What one phase hands over to the next, by parameter name."""

from dataclasses import replace

import pytest
import torch

from support.helpers import HEADS, Linear, same
from tailwise.core.errors import UserError
from tailwise.engine.checkpoint.hand_over import (
    HandOver,
    named_state,
    read_hand_over,
    restore_hand_over,
    restore_named_state,
    write_hand_over,
)
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.contract.phase import Rate, rate_groups, set_trainable
from tailwise.optim.adamw import AdamW


def built(*, patterns=("*",), rates=()):
    model = Linear(5, HEADS)
    set_trainable(model, patterns)
    return model, AdamW("adamw", 0.1).build(rate_groups(model, rates), 1e-2)


def stepped(model, optimizer):
    def closure():
        (loss := sum((p**2).sum() for p in model.parameters())).backward()
        return loss

    optimizer.step(closure)
    return model, optimizer


def handed(model, optimizer):
    tensors = {f"model/{name}": t for name, t in model.state_dict().items()}
    tensors |= {f"optimizer/{name}": t for name, t in named_state(model, optimizer).items()}
    return HandOver(tensors, {"width": 5}, "adamw", "phase1", 3, {"losses": [0.1]}, 0.5, 8)


def test_a_phase_that_hands_over_its_best_epoch_leaves_a_file_without_a_state(tmp_path):
    write_hand_over(tmp_path / "state.safetensors", None)
    assert read_hand_over(tmp_path / "state.safetensors", {"width": 5}, "adamw") is None


def test_a_file_gives_back_what_was_handed_over(tmp_path):
    state = handed(*stepped(*built()))
    write_hand_over(tmp_path / "state.safetensors", state)
    found = read_hand_over(tmp_path / "state.safetensors", {"width": 5}, "adamw")
    assert replace(found, tensors={}) == replace(state, tensors={}) and same(found.tensors, state.tensors)


def test_other_groups_and_parameters_find_their_own_state():
    model, optimizer = stepped(*built())
    later, other = built(patterns=("*", "!heads.size.bias"), rates=(Rate("*.bias", 0.1),))
    assert restore_named_state(later, other, named_state(model, optimizer)) == 3
    wanted = named_state(model, optimizer)
    assert same(named_state(later, other), {n: t for n, t in wanted.items() if "heads.size.bias" not in n})


def test_it_says_how_much_was_handed_over():
    state = handed(*stepped(*built(patterns=("*.bias",))))
    assert restore_hand_over(state, *built()) == "optimizer state of 2 of 4 parameters handed over"


@pytest.mark.parametrize(
    ("spec", "optimizer", "said"),
    [
        ({"width": 5}, "sgd", "the state of optimizer adamw, and this phase's is sgd"),
        ({"width": 6}, "adamw", "the state of another model"),
    ],
)
def test_the_state_of_another_is_refused(tmp_path, spec, optimizer, said):
    write_hand_over(tmp_path / "state.safetensors", handed(*built()))
    with pytest.raises(UserError, match=said):
        read_hand_over(tmp_path / "state.safetensors", spec, optimizer)


def test_another_file_is_refused(tmp_path):
    write_tensors(tmp_path / "weights.safetensors", {"a": torch.zeros(1)}, {"width": 5})
    with pytest.raises(UserError, match="not a state file of a phase with hand_over: last"):
        read_hand_over(tmp_path / "weights.safetensors", {}, "adamw")
