"""The params of the logos pipeline: the committed file, and contradictions of pretraining, in one line each."""

import copy
from functools import cache
from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.logos.params import Params

FILE = Path(__file__).parents[3] / "pipelines/logos/params.yaml"


@cache
def shipped() -> dict:
    return read_params(FILE)


def params_with(changes: dict) -> Params:
    params = copy.deepcopy(shipped())
    for path, value in changes.items():
        *keys, last = path.split(".")
        inner = params
        for key in keys:
            inner = inner[key]
        inner[last] = value
    return section(params, "", Params)


def test_the_committed_params_are_accepted():
    params = params_with({})
    assert params.start.pretrained is None and params.pretrain.train.hand_over == "last"


WEIGHTS = "data/models/pretrain.safetensors"
ENSEMBLE = {"kind": "ensemble", "members": [{"kind": "vit"}, {"kind": "small"}]}


@pytest.mark.parametrize(("changes", "says"), [
    ({"model.backbone": ENSEMBLE, "start.pretrained": WEIGHTS}, "start.pretrained has no effect on an ensemble"),
    ({"pretrain.train.rates": [{"pattern": "heads.*", "factor": 2.0}]}, r"pretrain.train.rates: 'heads.\*' names no"),
    ({"pretrain.train.trainable": ["pool.*"]}, r"pretrain.train.trainable: 'pool.\*' names no parameter"),
    ({"pretrain.train.loss": {"kind": "focal", "gamma": 2.0}}, "pretrain.train: mix, loss and augment_by_class"),
    ({"pretrain.train.augment": 0.0}, "both views of a picture would be the same"),
    ({"pretrain.train.loss_weights": {"colour": 2.0}}, "pretrain.train.loss_weights.colour: the task has no such loss"),
    ({"model.uncertainty": False}, "loss.uncertainty has no effect"),
    ({"prepare.size": 60, "model.backbone": {"kind": "vit"}}, "patch 8 must divide pictures of 60 pixels"),
    ({"phase1.train.trainable": ["!backbone.*"]}, "phase1.train.trainable: nothing would be trained"),
])  # fmt: skip
def test_contradictions_are_refused(changes, says):
    with pytest.raises(UserError, match=says):
        params_with(changes)


def test_an_ensemble_without_pretraining_and_adaptive_focal_loss_are_accepted():
    loss = {"kind": "adaptive_focal", "gamma": 2.0}
    params_with({"model.backbone": ENSEMBLE, "start.pretrained": None, "phase2.train.loss": loss})
