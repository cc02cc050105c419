"""The params of the logos pipeline: what `check` refuses, each with its nearest valid neighbour; the presets."""

from pathlib import Path

import pytest

from support.params import with_values
from tailwise.cli.preset import apply
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_file, read_params, section
from tailwise.recipes.logos.params import Params, check_inputs

FOLDER = Path(__file__).parents[3] / "pipelines/logos"
PARAMS = read_params(FOLDER / "params.yaml")
CURRICULUM = {"kind": "linear", "start": 0.5, "end": 3, "min_share": 0.2, "weight_of_frequency": 0.0}
VIT = {"kind": "vit", "heads": 2}
PRESETS = sorted((FOLDER / "presets").glob("*.yaml"))


def read(values: dict) -> Params:
    """params.yaml with values at dotted keys changed, as `check` reads it."""
    return section(with_values(PARAMS, values), "", Params)


@pytest.mark.parametrize(
    ("wrong", "said", "allowed"),
    [
        ({"prepare.calibration": 0.0}, "prepare.calibration 0 leaves no image", {"prepare.calibration": 0.1}),
        ({"prepare.background": "white"}, "background must be a colour", {"prepare.background": "#eeeeee"}),
        (
            {"phase2.train.mix": {"kind": "mixup", "alpha": 0.3}},
            "phase2.train.mix {kind: mixup}: images are not mixed, set it to null",
            {"phase2.train.mix": None},
        ),
        ({"model.backbone": {"kind": "vit", "heads": 3}}, "heads 3 does not divide width", {"model.backbone": VIT}),
        (
            {"loss.uncertainty": 0.0},
            "model.uncertainty would not be trained",
            {"loss.uncertainty": 0.0, "model.uncertainty": False},
        ),
        (
            {"phase1.train.trainable": ["recurrence.*"]},
            "phase1.train.trainable: 'recurrence.*' names no parameter of the model; it has",
            {"phase1.train.trainable": ["heads.*", "uncertainty.*"]},
        ),
        (
            {f"phase{number}.train.augment": 0.0 for number in (1, 2, 3, 4)},
            "augment has no effect: the augment of each phase is 0",
            {f"phase{number}.train.augment": 0.0 for number in (1, 2, 3)},
        ),
        (
            {"phase2.curriculum": {**CURRICULUM, "by": "length"}},
            "phase2.curriculum.by length has no effect: an image has one label a head, set it to difficulty",
            {"phase2.curriculum": {**CURRICULUM, "by": "difficulty"}},
        ),
        ({"contrast.aspects": ["shape", "shape"]}, "aspects must name one or more", {"contrast.aspects": ["shape"]}),
        (
            {"phase1.train.hand_over": "last"},
            "phase1.train.hand_over last is of no use to phase2: the state of adamw does not fit sam of adamw",
            {"phase1.train.hand_over": "best"},
        ),
    ],
)
def test_a_contradiction_is_refused_and_its_neighbour_is_not(wrong, said, allowed):
    with pytest.raises(UserError) as error:
        read(wrong)
    assert said in str(error.value) and "\n" not in str(error.value)
    read(allowed)


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_a_preset_is_valid_and_changes_something(file):
    params = read_file(FOLDER / "params.yaml")
    assert apply(params, read_file(file))
    assert section(params, "", Params)


def test_data_that_are_not_there_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="data/own"):
        check_inputs(read({"data.root": "data/own"}))
    check_inputs(read({}))  # a stage makes the demo
