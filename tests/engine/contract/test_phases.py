"""The phases of a pipeline, and the warnings of `check`."""

from dataclasses import make_dataclass
from types import SimpleNamespace

from support.helpers import make_phase
from tailwise.engine.contract.phases import curve_gaps, hand_over_faults, phase_warnings, trained_phases
from tailwise.losses.head.distil import Distil
from tailwise.optim.cosine import Cosine
from tailwise.optim.linear import Linear as Line
from tailwise.optim.sgd import SGD


def test_phases_are_found_in_their_order():
    phases = {"b": make_phase(epochs=1), "a": make_phase(epochs=2)}
    params = make_dataclass("Params", ["model", *phases])(1, *(SimpleNamespace(train=p) for p in phases.values()))
    assert list(trained_phases(params).items()) == list(phases.items())


def test_untracked_outputs_are_warned_of():
    phases = {"a": make_phase(keep_every=1), "b": make_phase(keep_every=1)}
    assert list(phase_warnings(phases, "outs: [data/models/a-epochs]")) == [
        "b: data/models/b-epochs is written and not tracked: add it to the outs of its stage in dvc.yaml"
    ]


def test_a_teacher_that_no_stage_is_given_is_warned_of():
    phases = {"a": make_phase(distil=Distil(0.5)), "b": make_phase()}
    assert not list(phase_warnings(phases, "train.py fouls a --teacher data/teachers/x"))
    assert list(phase_warnings(phases, "train.py fouls a")) == [
        "a.train.distil needs --teacher in the cmd of its stage in dvc.yaml, see docs/distillation.md"
    ]


def test_a_state_that_no_stage_keeps_is_warned_of():
    constant = {"schedule": Line("linear"), "hand_over": "last"}
    phases = {"a": make_phase(**constant), "b": make_phase(**constant)}
    assert not list(phase_warnings(phases, "outs: [data/models/a-state.safetensors]"))
    assert list(phase_warnings(phases, "")) == [
        "a.train.hand_over last hands over weights alone: its stage in dvc.yaml has no --keep-state"
    ]


def test_gaps_are_warned_of():
    phases = {"a": make_phase(schedule=Line("linear", end=0.5)), "b": make_phase(schedule=Line("linear"))}
    assert [line.partition(" ")[0] for line in phase_warnings(phases, "")] == ["a"]


def test_gaps_between_phases_are_found():
    def phases(*schedules, **of_first):
        return {f"phase{i}": make_phase(schedule=s, **(of_first if i == 0 else {})) for i, s in enumerate(schedules)}

    plain, part, rest = Line("linear"), Line("linear", end=0.5), Line("linear", start=0.5, end=0.0)
    assert not list(curve_gaps(phases(plain, plain))) and not list(curve_gaps(phases(part, rest)))
    (line,) = curve_gaps(phases(part, plain))
    assert line == "phase0 ends at a learning rate of 0.005 and phase1 starts at 0.01: see schedule.start"
    assert list(curve_gaps(phases(Cosine("cosine", 0.0, 0.1), plain, hand_over="last")))


def test_a_state_for_another_optimizer_is_refused():
    phases = {"a": make_phase(hand_over="last"), "b": make_phase(optimizer=SGD("sgd", 0.0))}
    (line,) = hand_over_faults(phases)
    assert line == "a.train.hand_over last is of no use to b: the state of adamw does not fit sgd"
    assert not list(hand_over_faults({**phases, "a": make_phase()}))
    assert not list(hand_over_faults({**phases, "b": make_phase()}))
