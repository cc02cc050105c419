"""What recipes share of params.yaml: phases, and what `check` warns of."""

from dataclasses import make_dataclass
from types import SimpleNamespace

from support.helpers import make_phase
from tailwise.optim.linear import Linear
from tailwise.recipes.sections import phase_warnings, trained_phases


def test_phases_are_found_in_their_order():
    phases = {"b": make_phase(epochs=1), "a": make_phase(epochs=2)}
    params = make_dataclass("Params", ["model", *phases])(1, *(SimpleNamespace(train=p) for p in phases.values()))
    assert list(trained_phases(params).items()) == list(phases.items())


def test_what_is_not_tracked_is_warned_of():
    phases = {"a": make_phase(keep_every=1), "b": make_phase(hand_over="last")}
    assert list(phase_warnings(phases, "outs: [data/models/a-epochs]")) == [
        "b: data/models/b-state.safetensors is written and not tracked: add it to the outs of its stage in dvc.yaml"
    ]


def test_gaps_are_warned_of():
    phases = {"a": make_phase(schedule=Linear("linear", end=0.5)), "b": make_phase(schedule=Linear("linear"))}
    assert [line.partition(" ")[0] for line in phase_warnings(phases, "")] == ["a"]
