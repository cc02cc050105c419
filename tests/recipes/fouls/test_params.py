"""Contradictions between sections of params.yaml are refused before anything runs."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from support.params import with_values
from tailwise.balance.boosts import boost_from_counts
from tailwise.balance.counts import count_classes
from tailwise.balance.labels import Labels
from tailwise.balance.plan import rebalance
from tailwise.balance.subset import Oversampled
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.core.params.effective import effective
from tailwise.recipes.fouls.demo.scene.plan import ACTIONS, SEVERITIES, plan_split
from tailwise.recipes.fouls.params import Params, check_inputs

ROOT = Path(__file__).parents[3]
PARAMS = read_params(ROOT / "params.yaml")


S3D = {"kind": "s3d", "weights": {"kind": "none"}, "checkpoint": False, "channels_last": False}


def changed(**values):
    """params.yaml with dotted keys, __ for a dot, set to other values."""
    return with_values(PARAMS, {path.replace("__", "."): value for path, value in values.items()})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"phase2__train__epochs": 0}, "phase2.train: epochs, lr and clip must be positive"),
        ({"phase1__train__trainable": []}, "phase1.train.trainable: nothing would be trained"),
        ({"phase1__train__trainable": ["!*"]}, "phase1.train.trainable: nothing would be trained"),
        (
            {"phase3__train__trainable": ["bakbone.*"]},
            r"phase3.train.trainable: 'bakbone.\*' names no parameter of the model; it has backbone.patches\*",
        ),
        ({"phase2__train__rates": [{"pattern": "head.*", "factor": 0.1}]}, r"phase2.train.rates: 'head.\*' names no"),
        (
            {"phase2__train__rates": [{"pattern": "*.bias", "weight_decay": 0.0}]},
            r"phase2.train.rates: '\*.bias': weight_decay has no effect: biases and norms never decay",
        ),
        ({"phase2__train__rates": [{"pattern": "*", "weight_decay": -1}]}, "weight_decay must not be negative"),
        ({"model__backbone__stochastic_depth": 0.1}, "model.backbone: stochastic_depth needs residual layers"),
        ({"model__backbone__drop_block": {"rate": 0, "size": 3}}, r"model.backbone.drop_block: rate must be in \(0, 1"),
        ({"model__backbone__drop_block": {"rat": 0.1}}, "model.backbone.drop_block.rat is unknown; did you mean rate"),
        (
            {"model__backbone": S3D | {"kind": "mvit_v2_s", "drop_block": {"rate": 0.1}}},
            "model.backbone: drop_block needs a convolutional model, mvit_v2_s is none: set it to null",
        ),
        (
            {"model__backbone": S3D | {"stochastic_depth": 0.1}},
            "model.backbone.stochastic_depth is unknown; known: kind",
        ),
        ({"model__head_dropout": {"action": 1.0}}, r"model: head_dropout.action must be in \[0, 1\), found 1"),
        (
            {"model__head_dropout": {"contact": 0.2}},
            "model.head_dropout.contact: the model has no such head; it has action, severity",
        ),
        (
            {"phase2__train__loss_weights": {"per_vew": 0.5}},
            "phase2.train.loss_weights.per_vew: the task has no such loss; it has action, severity, per_view",
        ),
        (
            {"phase2__train__loss_weights": {"action": 0.0, "severity": 0.0}},
            "phase2.train.loss_weights: every loss has weight 0",
        ),
        ({"balance__max_effective_ratio": 0}, "max_effective_ratio must be at least 1"),
        ({"balance__max_margin_ratio": 0.5}, "max_margin_ratio must be at least 1"),
        ({"phase1__boost": {"kind": "effective"}}, "phase1.boost.beta is missing"),
        (
            {"phase1__boost": {"kind": "cube"}},
            "phase1.boost.kind must be one of inverse, sqrt, effective, found 'cube'",
        ),
        ({"phase1__apply_as": "draws"}, "phase1.apply_as must be one of margin, weight, found 'draws'"),
        (
            {"model__variant": {"kind": "duel", "dropout": 0.1}},
            "model.variant.kind must be one of simplified, progress",
        ),
        ({"phase2__train__lr": float("nan")}, "phase2.train.lr must be a finite number, found nan"),
        ({"training__seed": -1}, "training: seed must not be negative"),
        ({"phase2__train__optimizer__weight_decay": -1}, "weight_decay must not be negative"),
        (
            {"model__backbone": S3D, "window__frames": 4},
            "window does not fit model.backbone: s3d needs 8 or more frames of 17x17 or more pixels, found 4 of 64x112",
        ),
        ({"certificate__macro_recall": 45.0}, "certificate: macro_recall, macro_f1 and class_recall must be"),
        ({"window__frames": 10**12}, "window: a window keeps at most 10000 frames of 16384x16384 pixels"),
        ({"window__margin": 10**12}, "window: a window keeps at most 10000 frames of 16384x16384 pixels"),
        ({"window__width": 10**6}, "window: a window keeps at most 10000 frames of 16384x16384 pixels"),
        ({"model__backbone__width": 2**31}, "the model cannot be built, is a width in model too large?"),
        ({"model__backbone__width": 2**62}, "the model cannot be built, is a width in model too large?"),
        ({"window__height": 2, "window__width": 2}, "window does not fit model.backbone: tiny needs 1 frame of 4x4"),
    ],
    ids=str,
)
def test_a_contradiction_is_one_line(values, said):
    with pytest.raises(UserError, match=said) as refused:
        section(changed(**values), "", Params)
    assert "\n" not in str(refused.value)


def test_weights_that_are_not_there_are_named_before_anything_runs():
    lost = {"kind": "file", "path": "gone.pth", "sha256": "0" * 64}
    params = section(changed(model__backbone={**S3D, "weights": lost}), "", Params)
    with pytest.raises(UserError, match="gone.pth: No such file"):
        check_inputs(params)


def test_a_refusal_of_the_whole_file_has_one_colon():
    with pytest.raises(UserError, match="^params.yaml: augment.delay 3"):
        section(changed(augment__delay=3), "", Params)


def test_a_data_root_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "clip.mp4").write_text("")
    for root in ("data/demo", "raw", str(tmp_path / "raw")):
        check_inputs(section(changed(data__root=root), "", Params))
    with pytest.raises(UserError, match="gone: no such folder; .* or set data.root in params.yaml"):
        check_inputs(section(changed(data__root="gone"), "", Params))
    with pytest.raises(UserError, match="data.root xxx.*: File name too long; .* or set data.root in params.yaml"):
        check_inputs(section(changed(data__root="x" * 5000), "", Params))
    (tmp_path / "raw" / "more").symlink_to(tmp_path)
    with pytest.raises(UserError, match="raw/more: is a link to the folder"):
        check_inputs(section(changed(data__root="raw"), "", Params))


@pytest.mark.parametrize("phase", ["phase1", "phase2"])
def test_the_guard_lets_the_default_demo_pass_and_not_ten_times_the_weight(phase):
    """Counts of the default demo's training fouls, as its plan has them."""
    params = section(changed(), "", Params)
    fouls = [foul for foul in plan_split(params.demo, "Train") if not foul.fault]
    labels = {
        "action": [ACTIONS[foul.action] for foul in fouls],
        "severity": [SEVERITIES[foul.severity] for foul in fouls],
    }
    counts = count_classes(labels, {"action": ACTIONS, "severity": SEVERITIES})

    def planned(how):
        boost = {head: boost_from_counts(of_head, how.boost, how.max_weight) for head, of_head in counts.items()}
        return rebalance(phase, how, boost, counts, Labels([str(f.index) for f in fouls], labels), params.balance)

    assert planned(getattr(params, phase))
    repeated = Oversampled("oversampled", 8)
    extreme = replace(getattr(params, phase), max_weight=10.0, apply_as="weight", samples=repeated)
    with pytest.raises(UserError, match="draws x weight of .* would be .* times that of"):
        planned(extreme)


OPEN = {
    "phase1__samples": {"kind": "balanced", "max_ratio": "auto"},
    "phase1__train__epochs": "auto",
    "phase2__train__lr": "auto",
    "runtime__workers": "auto",
    "runtime__decoders": "auto",
}


def test_auto_values_stay_auto_in_the_saved_configuration():
    params = section(changed(**OPEN), "", Params)
    saved = yaml.safe_load(effective(params))
    assert (saved["phase1"]["samples"]["max_ratio"], saved["phase1"]["train"]["epochs"]) == ("auto", "auto")
    assert (saved["phase1"]["train"]["lr"], saved["phase2"]["train"]["lr"]) == (8e-3, "auto")
    assert params.runtime.workers == params.runtime.decoders == "auto"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"phase2__train__lr": "fast"}, "phase2.train.lr must be a number or auto, found 'fast'"),
        ({"phase2__train__lr": 0.0}, "phase2.train: epochs, lr and clip must be positive"),
        ({"phase2__train__lr": "auto", "phase2__train__epochs": 0}, "phase2.train: epochs, lr and clip must be pos"),
        ({"phase2__train__lr": "auto", "phase2__train__augment": 2.0}, "phase2.train: augment must be within"),
        ({"phase1__samples": {"kind": "balanced", "max_ratio": 0.5}}, "phase1.samples: max_ratio must be at least 1"),
        ({"phase1__max_weight": "auto"}, "phase1.max_weight must be a number, found 'auto'"),
        ({"runtime__workers": -1}, "runtime: workers must be at least 0, or auto, found -1"),
    ],
)
def test_with_auto_all_other_values_are_still_checked(values, said):
    with pytest.raises(UserError, match=said):
        section(changed(**values), "", Params)


@pytest.mark.parametrize("kind", ["simplified", "progressive", "optimized", "dual"])
def test_every_variant_is_accepted(kind):
    params = section(changed(model__variant={"kind": kind, "dropout": 0.2}), "", Params)
    assert params.model.variant.kind == kind


def test_progressive_levels_can_be_named():
    params = changed(model__variant={"kind": "progressive", "dropout": 0.2})
    for number, levels in enumerate((["1"], ["1", "2"], ["1", "2", "3"]), start=1):
        params[f"phase{number}"]["train"]["trainable"] = ["backbone.*", *(f"fusion.level{level}.*" for level in levels)]
    section(params, "", Params)


def test_the_effective_configuration_has_every_default_and_reads_back_as_itself():
    params = changed()
    text = effective(section(params, "", Params))
    saved = yaml.safe_load(text)
    assert "runtime" not in saved and saved["phase1"]["train"]["rates"] == []
    again = section({**saved, "runtime": params["runtime"]}, "", Params)
    assert again == section(params, "", Params) and effective(again) == text
