"""The params of the actions pipeline: what `check` refuses, each with its nearest valid neighbour; the presets."""

from pathlib import Path

import pytest

from support.params import with_values
from tailwise.cli.preset import apply
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_file, read_params, section
from tailwise.models.action.model import Limits
from tailwise.recipes.actions.params import Params, check_inputs

FOLDER = Path(__file__).parents[3] / "pipelines/actions"
PARAMS = read_params(FOLDER / "params.yaml")
PRESETS = sorted((FOLDER / "presets").glob("*.yaml"))
I3D = {"kind": "i3d", "layout": "mmaction2", "path": "i3d.pth", "sha256": "0" * 64}


def read(values: dict) -> Params:
    """params.yaml with values at dotted keys changed, as `check` reads it."""
    return section(with_values(PARAMS, values), "", Params)


@pytest.mark.parametrize(
    ("wrong", "said", "allowed"),
    [
        ({"prepare.calibration": 0.0}, "leaves no clip to fit calibration to", {"prepare.calibration": 0.2}),
        ({"motion.stages": []}, r"\{kind: own\} needs the stage", {"motion.stages": ["motion"]}),
        ({"streams.motion": I3D}, "motion.stages has no effect", {"streams.motion": I3D, "motion.stages": []}),
        ({"window.height": 20}, "window does not fit streams", {"window.height": 36}),
        (
            {"phase1.train.trainable": ["*"]},
            'phase1.train.trainable: features do not train the streams: add "!streams',
            {"phase1.train.trainable": ["fusion.*", "classifiers.*"]},
        ),
        (
            {"phase2.train.mix": {"kind": "cutmix", "alpha": 1.0}},
            "have no area, use mixup",
            {"phase2.train.mix": {"kind": "mixup", "alpha": 1.0}},
        ),
        ({"features.passes": 0}, "augment has no effect: features.passes is 0", {"features.passes": 2}),
        (
            {f"phase{i}.train.augment": 0.0 for i in (1, 2, 3)},
            "features.passes has no effect",
            {f"phase{i}.train.augment": 0.0 for i in (1, 2)},
        ),
        (
            {"features.views": {"sampling": {"kind": "uniform", "frames": 24}}},
            "features.views does not fit window: sampling takes 24 frames of 16",
            {"features.views": {"sampling": {"kind": "segments", "frames": 8}, "crop": 64, "test": "8x2x3"}},
        ),
        (
            {"features.views": {"sampling": {"kind": "uniform", "frames": 8}, "crop": 24}},
            "window does not fit streams",
            {"features.views": {"sampling": {"kind": "uniform", "frames": 8}, "crop": 48}},
        ),
        (
            {"features.views": {"sampling": {"kind": "uniform", "frames": 8}}, "features.flip": False},
            "passes has no effect",
            {"features.views": {"sampling": {"kind": "segments", "frames": 8}}, "features.flip": False},
        ),
        ({"augment.delay": 1}, "delay and drop_views", {"augment.delay": 0}),
        ({"model.fusion.heads": 3}, "heads 3 does not divide width", {"model.fusion.heads": 16}),
        (
            {"model.limits": {"trainable": 100_000, "frozen": 0.5}},
            "model.limits.trainable 100,000 is exceeded",
            {"model.limits": {"trainable": 1_000_000, "frozen": 0.5}},
        ),
        (
            {"phase1.train.rates": [{"pattern": "streams.*", "factor": 0.1}]},
            "has no effect",
            {"phase1.train.rates": []},
        ),
        (
            {"motion.train.trainable": ["backbone.*"]},
            "motion.train.trainable",
            {"motion.train.trainable": ["stream.*"]},
        ),
    ],
)
def test_contradictions_are_refused_and_their_neighbours_are_not(wrong, said, allowed):
    read(allowed)
    with pytest.raises(UserError, match=said):
        read(wrong)


@pytest.mark.parametrize(
    "fusion",
    [
        {"kind": "concatenation"},
        {"kind": "average"},
        {"kind": "one_stream", "stream": "semantic"},
        {"kind": "one_stream", "stream": "motion"},
        {"kind": "cross_attention", "heads": 4, "depth": 2, "direction": "motion"},
    ],
)
def test_every_ablation_is_a_key(fusion):
    read({"model.fusion": fusion})


@pytest.mark.parametrize("preset", PRESETS, ids=lambda file: file.stem)
def test_presets_are_valid(preset):
    params = read_file(FOLDER / "params.yaml")
    assert apply(params, read_file(preset))
    section(params, "", Params)


def test_the_full_preset_keeps_to_the_limits_and_needs_its_files():
    params = read_file(FOLDER / "params.yaml")
    apply(params, read_file(FOLDER / "presets/full.yaml"))
    full = section(params, "", Params)
    assert full.model.limits == Limits(20_000_000, 0.85)
    assert full.features.shape((32, 224, 320)) == (16, 224, 224) and full.model.width == 512
    assert full.features.tested == 6 and full.features.flipped(training=True) == (False, True, False, True)
    with pytest.raises(UserError, match="dinov3_vits16plus.pth"):
        full.streams.check_weights()


def test_weights_that_are_absent_are_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    check_inputs(read({}))
    with pytest.raises(UserError, match="i3d.pth"):
        check_inputs(read({"streams.motion": I3D, "motion.stages": []}))
