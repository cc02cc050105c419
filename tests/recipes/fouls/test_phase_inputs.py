"""Phases on features: what contradicts what is refused, and its nearest neighbour is allowed."""

from copy import deepcopy
from pathlib import Path

import pytest

from support.params import with_values
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.fouls.params import Params

ROOT = Path(__file__).parents[3]
PARAMS = read_params(ROOT / "params.yaml")

FROZEN = ["*", "!backbone.*"]
HEADS = {"phase3.inputs": "features/phase2", "phase3.train.trainable": FROZEN, "features.after": ["phase2"]}
KINETICS = {"kind": "s3d", "weights": {"kind": "kinetics400"}, "checkpoint": False, "channels_last": False}
START = {"model.backbone": KINETICS, "features.start": ["start"]}
START |= {f"phase{n}.{key}": value for n in (1, 2, 3) for key, value in {"train.trainable": FROZEN}.items()}
START |= {f"phase{n}.inputs": "features/start" for n in (1, 2, 3)}


def read(values: dict) -> Params:
    """params.yaml with values at dotted keys changed, as `check` reads it."""
    return section(with_values(PARAMS, values), "", Params)


def test_heads_alone_after_phase_2_and_all_phases_on_a_pretrained_backbone_are_allowed():
    assert [phase.features for phase in read(HEADS).phases().values()] == ["", "", "phase2"]
    assert {phase.features for phase in read(START).phases().values()} == {"start"}


def test_params_of_a_version_without_these_keys_mean_clips():
    old = deepcopy(PARAMS)
    del old["features"], old["phase1"]["inputs"], old["phase2"]["inputs"], old["phase3"]["inputs"]
    assert section(old, "", Params) == section(PARAMS, "", Params)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (HEADS | {"features.after": []}, "phase3.inputs features/phase2: add phase2 to features.after"),
        (START | {"features.start": []}, "phase1.inputs features/start: add start to features.start"),
        (HEADS | {"phase3.inputs": "clips"}, "features of phase2 have no effect: no phase has inputs: features/phase2"),
        (
            HEADS | {"phase3.train.trainable": ["*"]},
            'phase3.train.trainable: features train no backbone, add "!backbone.*"',
        ),
        (
            HEADS | {"phase3.inputs": "features/phase1", "features.after": ["phase1"]},
            "phase3.inputs features/phase1: phase2 changes the backbone that they are of",
        ),
        (
            START | {"phase2.inputs": "clips", "phase2.train.trainable": ["*"]},
            "phase3.inputs features/start: phase2 changes the backbone that they are of",
        ),
        (
            HEADS | {"phase2.inputs": "features/phase2", "phase2.train.trainable": FROZEN},
            "phase2.inputs features/phase2 are there only after phase2",
        ),
        (HEADS | {"features.passes": 0}, "phase3.train.augment 1 has no effect: features.passes is 0"),
        (
            HEADS | {"phase3.train.augment": 0.0},
            "features.passes 4 has no effect: train.augment is 0 in each phase on features",
        ),
        (
            HEADS | {"phase2.train.average": {"kind": "ema", "decay": 0.9}, "phase2.train.hand_over": "last"},
            "phase3.inputs features/phase2 are of averaged weights: set phase2.train.hand_over to best",
        ),
        (HEADS | {"phase3.train.mix": {"kind": "mixup", "alpha": 0.3}}, "phase3.train.mix: features are not mixed"),
        ({"features.passes": -1}, "features: passes must not be negative, found -1"),
        ({"features.augment": 0.0}, "features: augment must be above 0 and at most 1, found 0; passes 0 is without"),
        ({"phase1.inputs": "features/phase3"}, "phase1.inputs must be one of clips, features/start, features/phase1"),
    ],
)
def test_a_contradiction_is_one_line(wrong, said):
    with pytest.raises(UserError) as refused:
        read(wrong)
    assert str(refused.value).startswith(f"params.yaml: {said}") and "\n" not in str(refused.value)


def test_heads_on_the_plain_pass_alone_are_allowed():
    assert read(HEADS | {"features.passes": 0, "phase3.train.augment": 0.0}).features.passes == 0
