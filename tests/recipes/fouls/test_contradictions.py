"""Contradictory parameters that `check` refuses, each with its nearest valid neighbour."""

from importlib import util
from pathlib import Path

import pytest

from support.params import with_values
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.fouls.params import Params, check_inputs

ROOT = Path(__file__).parents[3]
PARAMS = read_params(ROOT / "params.yaml")

S3D = {"kind": "s3d", "weights": {"kind": "none"}, "checkpoint": False, "channels_last": False}
KINETICS = {"weights": {"kind": "kinetics400"}}
BALANCED = {f"phase{number}.samples": {"kind": "balanced", "max_ratio": 8} for number in (1, 2, 3)}
KEEP = {"data.reader": {"kind": "soccernet", "keep_dropped": True}}
CONTACT = {"model.auxiliary": ["contact"], "phase2.train.loss_weights": {"contact": 0.1}}
TABLE = {"kind": "table", "file": "labels.csv", "heads": ["outcome"], "split": None}
EASY = {"kind": "sqrt", "start": 0.3, "end": 9, "min_share": 0.3}
OFF = {"augment.speed": 0.0, "augment.drop_views": 0.0}
FROZEN = {f"phase{number}.train.trainable": ["*", "!backbone.*"] for number in (1, 2, 3)}


def read(values: dict) -> Params:
    """params.yaml with values at dotted keys changed, as `check` reads it."""
    return section(with_values(PARAMS, values), "", Params)


@pytest.mark.parametrize(
    ("wrong", "said", "allowed"),
    [
        (
            {"phase1.train.hand_over": "last", "phase2.train.optimizer": {"kind": "sgd", "weight_decay": 0.0}},
            "phase1.train.hand_over last is of no use to phase2: the state of adamw does not fit sgd",
            {"phase1.train.hand_over": "last"},
        ),
        (
            {"phase3.train.average": {"kind": "swa", "epochs": 3}, "phase3.train.early_stopping": {"patience": 2}},
            "phase3.train: average",
            {"phase3.train.average": {"kind": "ema", "decay": 0.9}, "phase3.train.early_stopping": {"patience": 2}},
        ),
        (
            {"phase3.train.average": {"kind": "ema", "decay": 1.0}},
            "phase3.train.average: decay must be within",
            {"phase3.train.schedule": {"kind": "plateau", "patience": 3}},
        ),
        (
            {"phase2.curriculum": {**EASY, "end": 19}},
            "phase2: curriculum.end 19 is after the last epoch, 18: some samples would never be drawn",
            {"phase2.curriculum": {**EASY, "end": 18}},
        ),
        (
            {"phase2.curriculum": {**EASY, "by": "length"}},
            "phase2.curriculum.by length has no effect: a foul has one label a head, set it to difficulty",
            {"phase2.curriculum": {**EASY, "by": "difficulty"}},
        ),
        (
            {"phase2.curriculum": {**EASY, "start": 1}},
            "phase2.curriculum: start must be above 0 and below 1, found 1",
            {"phase2.curriculum": {**EASY, "end": 99}, "phase2.train.epochs": "auto"},
        ),
        (
            {"data.reader": TABLE},
            "data.reader.kind table cannot read data/demo: set data.root",
            {"data.reader": TABLE, "data.root": "data/own"},
        ),
        (
            {"window.centre": 40, "window.margin": 1},  # the last frame is 40 + 5 * (8 + 1 - 4 - 1)
            "the window ends at frame 60, and a clip of the demo has 60: raise demo.frames",
            {"window.centre": 39, "window.margin": 1},
        ),
        ({"demo.frames": 45}, "the window ends at frame 45, and a clip of the demo has 45", {"demo.frames": 46}),
        ({"window.centre": 75}, "the window ends at frame 90", {"window.centre": 75, "data.root": "data/soccernet"}),
        ({"demo.contact": 9}, "demo.contact 9 is not within the window, frames 10 to 45", {"demo.contact": 10}),
        ({"demo.contact": 46}, "demo.contact 46 is not within the window, frames 10 to 45", {"demo.contact": 45}),
        (
            {"augment.delay": 3, "window.margin": 2},
            "augment.delay 3 needs window.margin 3 or more",
            {"augment.delay": 2, "window.margin": 2},
        ),
        (
            {"augment.delay": 1, "window.margin": 1} | {f"phase{number}.train.augment": 0.5 for number in (1, 2, 3)},
            "augment.delay 1 has no effect: at the augment of each phase it is less than a frame",
            {"augment.delay": 1, "window.margin": 1} | {f"phase{number}.train.augment": 0.5 for number in (1, 2)},
        ),
        (
            {"augment.erase": 0.3, **OFF} | {f"phase{number}.train.augment": 0.0 for number in (1, 2, 3)},
            "augment.erase has no effect: the augment of each phase is 0",
            {"augment.erase": 0.3, **OFF} | {f"phase{number}.train.augment": 0.0 for number in (1, 2)},
        ),
        (
            {"augment.drop_frames": 0.1, **OFF, "window.frames": 1, "window.centre": 30},
            "augment.drop_frames has no effect: window.frames is 1",
            {"augment.drop_frames": 0.1, **OFF, "window.frames": 2},
        ),
        (
            {"augment.speed": 0.1},  # the first of 8 frames, 4 before the middle, moves by 4 - 4 / 1.1
            "augment.speed 0.1 has no effect: it moves no frame by half a frame",
            {"augment.speed": 0.2},
        ),
        (
            {"augment.erase": 0.004},
            "augment.erase 0.004 has no effect: it is less than a pixel",
            {"augment.erase": 0.005},
        ),
        (
            {"phase2.train.mix": {"kind": "mixup", "alpha": 0.3}, "training.accumulate": 16},
            "phase2.train.mix has no effect: a micro-batch has one sample",
            {"phase2.train.mix": {"kind": "mixup", "alpha": 0.3}, "training.accumulate": 8},
        ),
        (
            {"phase1.train.augment_by_class": {"mastery": 0.5}},
            "phase1.train.augment_by_class.mastery needs recalls, and no phase comes before",
            {"phase2.train.augment_by_class": {"mastery": 0.5}, "phase1.train.augment_by_class": {"rarity": 0.5}},
        ),
        (
            {"augment.reverse": 0.5},
            "augment: reverse needs classes in reversible",
            {"augment.reverse": 0.5, "augment.reversible": {"action": ["Challenge"]}},
        ),
        (
            {"augment.mirror": 0.0, "augment.one_sided": {"action": ["Dive"]}},
            "augment: one_sided has no effect: mirror is 0",
            {"augment.one_sided": {"action": ["Dive"]}},
        ),
        (
            {"phase2.max_weight": 41.0, "phase2.apply_as": "weight"},
            "phase2.max_weight 41 is above balance.max_effective_ratio 40, which no boost may exceed",
            {"phase2.max_weight": 40.0, "phase2.apply_as": "weight"},
        ),
        (
            {"phase3.max_weight": 101.0},
            "phase3.max_weight 101 is above balance.max_margin_ratio 100, which no boost may exceed",
            {"phase3.max_weight": 100.0},
        ),
        (
            {"phase2.train.loss": {"kind": "adaptive_focal", "max_factor": 41.0}},
            "phase2.train.loss.max_factor 41 is above balance.max_effective_ratio 40",
            {"phase2.train.loss": {"kind": "adaptive_focal", "max_factor": 40.0}},
        ),
        (
            {
                "phase2.train.loss": {"kind": "adaptive_focal", "max_factor": 3.0},
                "phase2.apply_as": "weight",
                "phase2.max_weight": 20.0,
            },
            "phase2.max_weight 20 times phase2.train.loss.max_factor 3 is above balance.max_effective_ratio 40",
            {"phase2.train.loss": {"kind": "adaptive_focal"}, "phase2.max_weight": 20.0},
        ),
        (
            {"phase2.samples": {"kind": "class_balanced"}},
            "phase2.samples {kind: class_balanced} and phase2.apply_as margin correct the imbalance twice",
            {"phase2.samples": {"kind": "class_balanced"}, "phase2.max_weight": 1.0},
        ),
        (
            {
                "phase2.samples": {"kind": "class_balanced"},
                "phase2.max_weight": 1.0,
                "phase2.curriculum": {"kind": "sqrt", "start": 0.3, "end": 9, "min_share": 0.3},
            },
            "phase2: samples {kind: class_balanced} and curriculum both say what an epoch draws",
            {"phase2.samples": {"kind": "class_balanced"}, "phase2.max_weight": 1.0},
        ),
        (
            {"phase2.samples": {"kind": "square_root"}, "phase2.apply_as": "weight", "phase2.max_weight": 7.0},
            "phase2.samples {kind: square_root} and phase2.apply_as weight correct the imbalance twice: set "
            "phase2.max_weight to 1, or phase2.boost to {kind: sqrt}",
            {"phase2.samples": {"kind": "square_root"}, "phase2.boost": {"kind": "sqrt"}},
        ),
        (
            {"phase1.train.loss": {"kind": "ldam", "max_margin": 0.5}},
            "phase1.train.loss {kind: ldam} and phase1.apply_as margin are two margins for the same imbalance",
            {
                "phase1.train.loss": {"kind": "ldam", "max_margin": 0.5},
                "phase1.apply_as": "weight",
                "phase1.max_weight": 5.0,
            },
        ),
        (
            {"phase1.boost": {"kind": "inverse", "tau": 0.0}},
            "phase1.boost: tau must be positive, found 0; for no boost set max_weight to 1",
            {"phase1.boost": {"kind": "inverse", "tau": 0.5}},
        ),
        (
            {"phase1.train.loss": {"kind": "focal", "gamma": 0.0}},
            "phase1.train.loss: gamma must be positive, found 0; 0 is {kind: cross_entropy}",
            {"phase1.train.loss": {"kind": "cross_entropy", "smoothing": 0.0}},
        ),
        (
            {"phase1.boost": {"kind": "effective", "beta": 0.0}},
            "phase1.boost.beta 0 has no effect: every class gets the same boost; set phase1.max_weight to 1",
            {"phase1.boost": {"kind": "effective", "beta": 0.9}},
        ),
        (
            {"phase2.samples": {"kind": "oversampled", "max_repeat": 1}},
            "phase2.samples.max_repeat 1 has no effect: each sample is drawn once; use {kind: all}",
            {"phase2.samples": {"kind": "oversampled", "max_repeat": 2}},
        ),
        (
            {"phase3.train.trainable": ["fusion.*", "!backbone.*"]},
            "phase3.train.trainable: '!backbone.*' has no effect: no other pattern names what it freezes",
            {"phase3.train.trainable": ["*", "!backbone.*"]},
        ),
        (
            FROZEN,
            "no phase trains the backbone, and it has no weights to begin with",
            {key: FROZEN[key] for key in list(FROZEN)[:2]},
        ),
        ({**FROZEN, "model.backbone": S3D}, "no phase trains the", {**FROZEN, "model.backbone": {**S3D, **KINETICS}}),
        (
            {**FROZEN, "model.backbone": {**S3D, **KINETICS, "checkpoint": True}},
            "model.backbone.checkpoint has no effect: no phase trains the backbone",
            {"model.backbone": {**S3D, **KINETICS, "checkpoint": True}},
        ),
        (
            {"phase1.train.rates": [{"pattern": "backbone.*", "factor": 0.1}], **FROZEN},
            "phase1.train.rates: 'backbone.*' has no effect: what it names is frozen, or named before",
            {"phase1.train.rates": [{"pattern": "backbone.*", "factor": 0.1}]},
        ),
        (
            {"training.precision": "bf16", "runtime.device": "cpu"},
            "training.precision bf16 has no effect where runtime.device is cpu",
            {"training.precision": "bf16", "runtime.device": "auto"},
        ),
        (
            {**KEEP, **BALANCED},
            "data.reader.keep_dropped has no effect: no phase has samples {kind: all} or {kind: oversampled}",
            {**KEEP, **BALANCED, "phase3.samples": {"kind": "all"}},
        ),
        (
            {"model.auxiliary": ["contact"]},
            "model.auxiliary contact has no effect: name it in a phase's loss_weights, as {contact: 0.1}",
            CONTACT,
        ),
        (
            {"phase2.train.loss_weights": {"contact": 0.1}},
            "phase2.train.loss_weights.contact: the task has no such loss; it has action, severity, per_view",
            CONTACT,
        ),
        (
            {**CONTACT, "data.reader": TABLE, "data.root": "data/own"},
            "model.auxiliary needs data.reader.kind soccernet: a table has no such columns, set it to []",
            {"data.reader": TABLE, "data.root": "data/own"},
        ),
        (
            {"model.metadata": ["camera"], "data.reader": TABLE, "data.root": "data/own"},
            "model.metadata needs data.reader.kind soccernet",
            {"model.metadata": ["camera"]},
        ),
        (
            {"model.metadata": ["zoom"]},
            "model.metadata[0] must be one of replay, speed, camera, found 'zoom'",
            {"model.metadata": ["replay", "speed", "camera"]},
        ),
        (
            {"model.metadata": ["camera", "camera"]},
            "model: metadata must name each once, found camera, camera",
            {"model.metadata": ["camera", "speed"]},
        ),
        (
            {"model.learned_weights": ["contact"]},
            "model.learned_weights: the task has no loss contact; it has action, severity, per_view",
            {**CONTACT, "model.learned_weights": ["contact", "action"]},
        ),
        (
            {"model.learned_weights": ["per_view"]} | {f"phase{n}.train.loss_weights": {} for n in (1, 2, 3)},
            "model.learned_weights per_view has no effect: no phase trains it, see loss_weights and trainable",
            {"model.learned_weights": ["per_view"]},
        ),
        (
            {**CONTACT, "model.learned_weights": ["contact"], "phase2.train.trainable": ["*", "!log_variances.*"]},
            "model.learned_weights contact has no effect: no phase trains it, see loss_weights and trainable",
            {**CONTACT, "model.learned_weights": ["contact"], "phase1.train.trainable": ["*", "!log_variances.*"]},
        ),
        (
            {"training.batch_size": 16, "training.accumulate": 3},
            "training: batch_size 16 is not a multiple of accumulate 3",
            {"training.batch_size": 18, "training.accumulate": 3},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_contradiction_is_one_line_and_its_neighbour_passes(wrong, said, allowed):
    with pytest.raises(UserError) as refused:
        read(wrong)
    assert str(refused.value).startswith(f"params.yaml: {said}") and "\n" not in str(refused.value)
    read(allowed)


def test_the_root_that_a_stage_makes_is_the_same_however_it_is_spelled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_inputs(read({"data.root": "data/demo/"}))
    with pytest.raises(UserError, match="cannot read data/demo"):
        read({"data.root": "./data/demo", "data.reader": TABLE})


def test_a_package_that_is_not_there_is_missed_before_anything_runs(monkeypatch):
    asked = {"runtime.tensorboard": True}
    monkeypatch.setattr("tailwise.recipes.checks.find_spec", lambda name: None)
    with pytest.raises(UserError, match="runtime.tensorboard: pip install tensorboard, or set it to false"):
        check_inputs(read(asked))
    check_inputs(read({}))
    monkeypatch.setattr("tailwise.recipes.checks.find_spec", util.find_spec)
    if util.find_spec("tensorboard"):
        check_inputs(read(asked))
