"""The state that a phase hands to the next one, as DVC tracks it."""

import pytest

from tailwise.engine.checkpoint.hand_over import read_hand_over
from tailwise.engine.checkpoint.weights import read_tensors

STATE = "data/models/phase1-state.safetensors"


def test_a_phase_hands_over_its_state(finished):
    _, spec = read_tensors(finished / "data/models/phase1.safetensors")
    state = read_hand_over(finished / STATE, spec, "adamw")
    assert state and state.epochs == 2 and state.seeds == "phase1"


@pytest.mark.slow
def test_the_same_dvc_yaml_serves_a_phase_that_hands_over_its_best_epoch(project):
    project.set("phase1.train.hand_over", "best")
    assert project.repro("train_phase2")[-1] == "train_phase2"
    assert read_hand_over(project / STATE, {}, "adamw") is None
