"""The params of the sections pipeline: what `check` refuses, each with its nearest valid neighbour; the presets."""

from pathlib import Path

import pytest

from support.params import with_values
from tailwise.cli.preset import apply
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.sections.params import Params, check_inputs

FOLDER = Path(__file__).parents[3] / "pipelines/sections"
PARAMS = read_params(FOLDER / "params.yaml")
PRESETS = sorted((FOLDER / "presets").glob("*.yaml"))

OWN = {"data.root": "data/own"}
AUDIO = {"data.reader": {"kind": "billboard"}, **OWN}
VECTORS = {"kind": "table", "file": "songs.npz", "content": "vectors"}
CHROMA = {"kind": "table", "file": "songs.npz", "content": "chroma", "seconds": 0.5}
PLAIN = {f"phase{number}.train.loss": {"kind": "cross_entropy", "smoothing": 0.0} for number in (1, 2, 3)}
NEXT = {"model.auxiliary": ["next"], "phase2.train.loss_weights": {"next": 0.1}}


def read(values: dict) -> Params:
    """params.yaml with values at dotted keys changed, as `check` reads it."""
    return section(with_values(PARAMS, values), "", Params)


def reader(**changed) -> dict:
    return {"data.reader": {**PARAMS["data"]["reader"], **changed}}


@pytest.mark.parametrize(
    ("wrong", "said", "allowed"),
    [
        (
            {"data.reader": {"kind": "billboard"}},
            "data.reader.kind billboard cannot read data/demo: set data.root, or the kind to lyrics",
            AUDIO,
        ),
        (
            {"prepare.calibration": 0.0},
            "prepare.calibration 0 leaves no song to fit calibration to",
            {"prepare.calibration": 0.05},
        ),
        ({"augment.transpose": 2}, "augment.transpose 2 has no effect: lyrics", {"augment.transpose": 2, **AUDIO}),
        (
            {"augment.transpose": 2, "data.reader": VECTORS, **OWN},
            "augment.transpose 2 has no effect: vectors have no chroma",
            {"augment.transpose": 2, "data.reader": CHROMA, **OWN},
        ),
        (
            {"prepare.variants.copies": 1, "prepare.variants.transpose": 0.5},
            "prepare.variants.transpose 0.5 has no effect: lyrics have no chroma",
            {"prepare.variants.copies": 1, "prepare.variants.transpose": 0.5, **AUDIO},
        ),
        (
            {"prepare.variants": {"copies": 1, "drop": 0.0, "repeat": 0.0, "cut": 0.0, "transpose": 0.0}},
            "prepare.variants: copies without an effect",
            {"prepare.variants": {"copies": 1, "drop": 0.1, "repeat": 0.0, "cut": 0.0, "transpose": 0.0}},
        ),
        (
            {f"phase{number}.train.augment": 0.0 for number in (1, 2, 3)},
            "augment has no effect: the augment of each phase is 0",
            {f"phase{number}.train.augment": 0.0 for number in (1, 2)},
        ),
        (
            {"phase2.train.mix": {"kind": "mixup", "alpha": 0.3}},
            "phase2.train.mix {kind: mixup}: songs are not mixed, set it to null",
            {"phase2.train.mix": None},
        ),
        (
            {"model.auxiliary": ["next"]},
            "model.auxiliary has no effect: name next in a phase's loss_weights, as {next: 0.1}",
            NEXT,
        ),
        (
            {"phase2.train.loss_weights": {"next": 0.1}},
            "phase2.train.loss_weights.next: the task has no such loss; it has section",
            {**NEXT, "phase3.train.loss_weights": {"until": 0.1}},
        ),
        (
            {"model.learned_weights": ["next"]},
            "model: learned_weights next has no effect: auxiliary does not name next",
            {**NEXT, "model.learned_weights": ["next", "section"]},
        ),
        (
            {"model.learned_weights": ["confidence"]},
            "model.learned_weights: the task has no loss confidence; it has section",
            {"model.learned_weights": ["confidence"], "loss.confidence_penalty": 0.1},
        ),
        (
            {"model.positions": {"kind": "relative"}},
            "model: positions {kind: relative} have no effect: they need attention",
            {"model.positions": {"kind": "relative"}, "model.attention": {"heads": 4}},
        ),
        (
            {"model.attention": {"heads": 3}},
            "attention.heads 3 does not divide the width 256",
            {"model.attention": {"heads": 4}},
        ),
        (
            {"model.crf": True, "loss.boundary_weight": 2.0, **PLAIN},
            "loss.boundary_weight has no effect with model.crf: set it to 1, or crf to false",
            {"model.crf": True, **PLAIN},
        ),
        (
            {"model.crf": True},
            "phase1.train.loss has no effect with model.crf",
            {"loss.boundary_weight": 2.0, "phase1.train.loss": {"kind": "focal", "gamma": 2.0}},
        ),
        (
            {"model.recurrence.hidden": 10**9},
            "the model cannot be built, is a width in model too large?",
            {"model.recurrence.hidden": 512},
        ),
        (
            {"phase1.train.trainable": ["backbone.*"]},
            "phase1.train.trainable: 'backbone.*' names no parameter of the model; it has",
            {"phase1.train.trainable": ["recurrence.*", "heads.*"]},
        ),
        (
            {"phase2.apply_as": "weight", "phase2.max_weight": 41.0},
            "phase2.max_weight 41 is above balance.max_effective_ratio 40, which no boost may exceed",
            {"phase2.apply_as": "margin", "phase2.max_weight": 41.0},
        ),
        (
            {"phase1.train.hand_over": "last", "phase2.train.optimizer": {"kind": "sgd", "weight_decay": 0.0}},
            "phase1.train.hand_over last is of no use to phase2: the state of adamw does not fit sgd",
            {"phase1.train.hand_over": "best", "phase2.train.optimizer": {"kind": "sgd", "weight_decay": 0.0}}
            | {"phase2.train.hand_over": "best"},
        ),
        (
            {"training.precision": "bf16", "runtime.device": "cpu"},
            "training.precision bf16 has no effect where runtime.device is cpu",
            {"training.precision": "bf16", "runtime.device": "auto"},
        ),
        (
            reader(classes={"verse": ["verse"]}),
            "data.reader: classes must be two or more",
            reader(classes={"verse": ["verse"], "chorus": ["chorus"]}),
        ),
        (
            reader(classes={"verse": ["verse", "Hook"], "chorus": ["chorus", "hook"]}),
            "data.reader: classes: 'Hook' and 'hook' are one mark",
            reader(classes={"verse": ["verse"], "chorus": ["chorus", "hook"]}),
        ),
        (
            {"data.reader": {"kind": "table", "file": "songs.npz", "content": "chroma"}, **OWN},
            "data.reader: content: chroma needs seconds",
            {"data.reader": CHROMA, **OWN},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_contradiction_is_one_line_and_its_neighbour_passes(wrong, said, allowed):
    with pytest.raises(UserError) as refused:
        read(wrong)
    assert str(refused.value).startswith(f"params.yaml: {said}") and "\n" not in str(refused.value)
    read(allowed)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_changes_only_what_differs_and_is_valid(preset):
    params, wanted = with_values(PARAMS, {}), read_params(preset)
    assert apply(params, wanted), "a preset without effect"
    assert apply(params, wanted) == []
    section(params, "", Params)


def test_the_committed_params_have_every_optional_key_of_a_section():
    assert PRESETS and {path.stem for path in PRESETS} >= {"smoke", "six"}
    assert read({}).phases().keys() == {"phase1", "phase2", "phase3"}


def test_a_root_that_is_not_there_is_missed_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_inputs(read({}))  # the demo's root is made by a stage
    with pytest.raises(UserError, match="data/own"):
        check_inputs(read(OWN))
    monkeypatch.setattr("tailwise.recipes.checks.find_spec", lambda name: None)
    with pytest.raises(UserError, match="runtime.tensorboard: pip install tensorboard, or set it to false"):
        check_inputs(read({"runtime.tensorboard": True}))
