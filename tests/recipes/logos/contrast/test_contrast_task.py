"""Pretraining as the engine sees it: it learns without labels, probes only look, phase 1 gets the whole backbone."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from support.helpers import make_phase, make_run, same
from support.logos.pictures import HEAD, write_split
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_json
from tailwise.core.heads import IGNORE
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import read_tensors, write_weights
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.train.loop import train_phase
from tailwise.losses.image.loss import ImageLoss
from tailwise.models.image.classifier import Ensemble, ImageModel
from tailwise.models.image.small import Small
from tailwise.models.image.transformer import VisionTransformer
from tailwise.recipes.logos import task as logos
from tailwise.recipes.logos.contrast.options import Contrast
from tailwise.recipes.logos.contrast.recipe import RECIPE
from tailwise.recipes.logos.contrast.task import Config

ROOT = Path(__file__).parents[4]
VIT = VisionTransformer("vit", width=16, depth=1, heads=2)
SMALL = Small("small", width=4)
CONFIG = Config(ImageModel(VIT, fallbacks=(SMALL,)), Contrast(width=8, hidden=16))
PHASE = make_phase(epochs=2, lr=3e-3, clip=1.0, augment=1.0)


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    return write_split(folder / "train", 32), write_split(folder / "valid", 16, seed=1)


def made(splits, config=CONFIG, heads=(HEAD,), seed=1):
    return RECIPE.build(config, heads, *splits, seed)


def pretrain(task, phase=PHASE, **run):
    return train_phase(task, phase, range(len(task.samples)), {}, make_run(batch_size=16, **run))


def test_it_learns_to_find_views_again_and_records_each_aspect(splits):
    easy = Contrast(width=8, hidden=16, augment=ImageAugment(shift=0.05, brightness=0.2, rotate=5.0, noise=0.01))
    task = made(splits, Config(ImageModel(SMALL, fallbacks=()), easy))
    trained = pretrain(task, replace(PHASE, epochs=16, lr=1e-2))
    first, last = (
        figures_of(task.metrics, record.totals)["pairs"] for record in (trained.history[0], trained.history[-1])
    )
    assert last["loss"] < first["loss"] and last["found"] > first["found"]
    assert {"geometry", "colour", "text", "shape"} < last.keys() and all(value > 0 for value in last.values())


def test_the_probes_learn_and_move_nothing_else(splits):
    task = made(splits, replace(CONFIG, model=ImageModel(SMALL, fallbacks=())))
    phase = replace(PHASE, epochs=12, lr=3e-2, trainable=("probes.*",))
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    trained = pretrain(task, phase)
    kept = {name: tensor for name, tensor in before.items() if not name.startswith("probes.")}
    assert same(kept, {name: trained.weights[name] for name in kept})
    losses = [figures_of(task.metrics, record.totals)["kind"]["loss"] for record in trained.history]
    assert losses[-1] < losses[0] and task.select.names == ("kind",)


def test_labels_change_the_probes_alone(splits):
    one, other = made(splits), made(splits)
    other.samples.labels("kind")[:] = IGNORE
    phase = replace(PHASE, clip=1e6, hand_over="last")  # both are clipped by the norm of all gradients together
    ours, without = (pretrain(task, phase).weights for task in (one, other))
    of_backbone = [{name: t for name, t in of.items() if not name.startswith("probes.")} for of in (ours, without)]
    assert same(*of_backbone) and not torch.equal(ours["probes.kind.weight"], without["probes.kind.weight"])


def test_without_heads_the_loss_chooses_the_epoch(splits):
    task = made(splits, heads=())
    trained = pretrain(task)
    losses = [figures_of(task.metrics, record.totals)["pairs"]["loss"] for record in trained.history]
    assert [record.score for record in trained.history] == losses and trained.best == 1 + losses.index(min(losses))


@pytest.mark.parametrize("option", [
    {"temperature": 0.5}, {"width": 4}, {"hidden": 4}, {"aspects": ("colour",)},
    {"augment": replace(Contrast().augment, hue=10.0)},
], ids=lambda option: next(iter(option)))  # fmt: skip
def test_each_option_changes_what_is_learned(splits, option):
    changed = replace(CONFIG, contrast=replace(CONFIG.contrast, **option))
    one, other = (pretrain(made(splits, config), replace(PHASE, epochs=1)).weights for config in (CONFIG, changed))
    assert not torch.equal(one["backbone.pool.weight"], other["backbone.pool.weight"])


def test_a_run_resumes_to_the_last_bit(splits, tmp_path):
    class Stop(BaseException):
        pass

    straight = pretrain(made(splits))
    task, calls = made(splits), []

    def stop(*_):
        calls.append(1)
        if len(calls) == 4:
            raise Stop

    handle = task.model.register_forward_pre_hook(stop)
    with pytest.raises(Stop), Recovery(tmp_path / "run") as recovery:
        pretrain(task, recovery=recovery, save_every=0)
    handle.remove()
    with Recovery(tmp_path / "run") as recovery:
        resumed = pretrain(made(splits), recovery=recovery)
    assert same(resumed.weights, straight.weights) and resumed.history == straight.history


@pytest.fixture
def weights(splits, tmp_path):
    task = made(splits, seed=5)
    write_weights(tmp_path / "pretrain.safetensors", task.model.state_dict(), task.spec, task.spec)
    return tmp_path / "pretrain.safetensors"


def phase_one(splits, weights, model=CONFIG.model, pretrained=True):
    options = logos.Config(model, ImageLoss(uncertainty=0.5), Contrast().augment, logos.Start(str(weights)))
    return logos.build(options, (HEAD,), *splits, seed=1, pretrained=pretrained)


def test_every_tensor_of_the_backbone_arrives_in_phase_one(splits, weights):
    task, tensors = phase_one(splits, weights), read_tensors(weights)[0]
    own = {name: t for name, t in task.model.state_dict().items() if name.startswith("backbone.")}
    given = {name: t for name, t in tensors.items() if name.startswith("backbone.")}
    assert same(own, given) and len(own) == len(VIT.build(32).state_dict())
    assert not same(
        own,
        {name: t for name, t in phase_one(splits, weights, pretrained=False).model.state_dict().items() if name in own},
    )
    assert task.fallback().spec["model"]["backbone"]["kind"] == "small"


def test_another_model_s_weights_are_refused(splits, weights, tmp_path):
    with pytest.raises(UserError, match="another backbone than model.backbone"):
        phase_one(splits, weights, ImageModel(replace(VIT, depth=2)))
    with pytest.raises(UserError, match="start.pretrained has no effect on an ensemble"):
        phase_one(splits, weights, ImageModel(Ensemble("ensemble", (VIT, SMALL))))
    task = phase_one(splits, weights)
    write_weights(tmp_path / "phase1.safetensors", task.model.state_dict(), task.spec, task.spec)
    with pytest.raises(UserError, match="not the weights of pretraining"):
        phase_one(splits, tmp_path / "phase1.safetensors")
    with pytest.raises(UserError, match="no such file"):
        phase_one(splits, tmp_path / "none.safetensors")


def test_options_that_change_no_tensor_need_no_new_pretraining(splits, weights):
    phase_one(splits, weights, ImageModel(replace(VIT, checkpoint=True), dropout=0.4, fallbacks=()))


def test_an_ensemble_is_not_pretrained(splits):
    with pytest.raises(UserError, match="pretrain one of its members"):
        made(splits, replace(CONFIG, model=ImageModel(Ensemble("ensemble", (VIT, SMALL)))))


@pytest.mark.slow
def test_the_stage_trains_it_and_writes_history_and_weights(tmp_path):
    """`stages/train.py tailwise.recipes.logos.contrast pretrain`, in a folder with params, heads and splits."""
    for seed, split in enumerate(("train", "valid")):
        write_split(tmp_path / "data/prepared" / split, 24, seed)
    write_json(tmp_path / "data/index/heads.json", {HEAD.name: list(HEAD.classes)})
    train = {
        "epochs": 2, "lr": 1e-3, "optimizer": {"kind": "adamw", "weight_decay": 0.01}, "clip": 1.0, "augment": 1.0,
        "schedule": {"kind": "cosine", "warmup": 0.1, "floor": 0.0}, "trainable": ["*"],
        "rates": [{"pattern": "probes.*", "factor": 10.0}], "hand_over": "last",
    }  # fmt: skip
    params = {
        "pretrain": {"train": train},
        "model": {"backbone": {"kind": "vit", "width": 16, "depth": 1, "heads": 2}},
        "contrast": {"temperature": 0.2, "width": 8, "hidden": 8},
        "training": {"seed": 1, "batch_size": 12, "accumulate": 1, "threads": 1, "precision": "float32"},
        "stability": {},
        "runtime": {"device": "cpu", "workers": 0, "decoders": 1, "tensorboard": False},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    folders = ["--train", "data/prepared/train", "--valid", "data/prepared/valid"]
    command = [sys.executable, str(ROOT / "stages/train.py"), "tailwise.recipes.logos.contrast", "pretrain", *folders]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    rows = read_csv(tmp_path / "reports/training/pretrain/epochs.csv")
    assert len(rows) == 2 and {"kind_accuracy", "pairs_geometry", "pairs_shape", "pairs_found"} <= rows[0].keys()
    facts = read_tensors(tmp_path / "data/models/pretrain.safetensors")[1]
    assert facts["recipe"] == "logos.contrast" and json.dumps(facts["contrast"]["aspects"]) == json.dumps(
        ["geometry", "colour", "text", "shape"]
    )
