"""The fouls pipeline as the engine sees it."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.helpers import CPU, make_phase, make_run, same
from support.video.stores import HEADS, WINDOW, write_store
from tailwise.core.batch import Batch
from tailwise.core.files import write_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.core.params.config import read_params, sections
from tailwise.core.params.typed import convert
from tailwise.engine.checkpoint.weights import load_into, read_tensors, write_tensors
from tailwise.engine.contract.run import Stability
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.train.guards import FROZEN_STEPS
from tailwise.engine.train.loop import train_phase
from tailwise.losses.classification import classification_loss as loss
from tailwise.losses.head.boost import ClassBoost
from tailwise.models.video.variants import Progressive
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.task import Config, build, from_specification, metrics, specification

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path):
    """A split of 12 samples with 1 to 3 views; an action is bright or dark."""
    return write_store(tmp_path)


@pytest.fixture
def config():
    params = read_params(ROOT / "params.yaml")
    params["model"]["backbone"]["width"] = 8
    return sections(params, Config)


def test_it_trains_on_a_tiny_store_and_learns(store, config):
    task = build(config, HEADS, store, store, seed=1)
    trained = train_phase(task, make_phase(epochs=6, lr=5e-3), range(12), {}, make_run(batch_size=4))
    best = task.metrics["action"].matrix(trained.history[trained.best - 1].totals["action"])
    assert best.diagonal().sum() == 12
    assert trained.history[-1].loss < trained.history[0].loss


def of_one_view(folder):
    """Keep the first view of each sample of a store, as a table of one clip a sample has it."""
    header, *rows = (folder / "manifest.csv").read_text().splitlines()
    kept = [row.split(",") for row in rows if row.split(",")[1] == "0"]
    write_csv(folder / "manifest.csv", header.split(","), kept)
    return folder


@pytest.mark.parametrize("dead", [False, True])
def test_with_one_view_each_only_a_layer_that_has_died_is_reported(store, config, dead):
    """The attention over the views cannot move. A `dead` backbone gives zeros, of which the heads learn nothing."""
    task = build(config, HEADS, of_one_view(store), store, seed=1)
    if dead:
        norm = task.model.backbone.layers[-1][1]
        torch.nn.init.zeros_(norm.weight), torch.nn.init.constant_(norm.bias, -1.0)
    run = make_run(batch_size=4, stability=Stability(guards=True))
    trained = train_phase(task, make_phase(epochs=FROZEN_STEPS // 3 + 2, lr=1e-3), range(12), {}, run)
    notes = [each for record in trained.history for each in record.interventions if each.fault == "frozen layer"]
    reported = {each.parameter for each in notes}
    names = {name for name, _ in task.model.named_parameters()}
    still = {n for n in names if n.startswith("backbone.")} | {f"fusion.heads.{i}.weight" for i in range(2)}
    assert still < names and reported == (still if dead else set()) and len(notes) == len(reported)


def test_the_seed_decides_the_first_weights(store, config):
    weights = [build(config, HEADS, store, store, seed).model.state_dict() for seed in (1, 1, 2)]
    assert same(weights[0], weights[1]) and not same(weights[0], weights[2])


def test_a_model_is_rebuilt_from_its_file_without_params(store, config, tmp_path):
    task = build(config, HEADS, None, store, seed=1)
    write_tensors(tmp_path / "w.safetensors", task.model.state_dict(), task.spec)
    tensors, spec = read_tensors(tmp_path / "w.safetensors")
    again, read = from_specification(spec)
    again.load_state_dict(tensors)
    again.eval()
    assert read.heads == HEADS
    usual = {"unit": "frames", "short": "refuse"}
    assert asdict(read.window) == {**{name: value for name, value in WINDOW.items() if name != "margin"}, **usual}
    batch = task.valid.collate([task.valid[0], task.valid[2]])
    expected = task.model.eval()(**batch.inputs)
    assert same(again(**batch.inputs), expected)
    load_into(build(config, HEADS, None, store, seed=2).model, task.spec, tmp_path / "w.safetensors")


def logits(task):
    batch = task.valid.collate([task.valid[i] for i in range(4)])
    with torch.no_grad():
        return task.model.eval()(**batch.inputs)


def test_a_phase_that_raises_the_level_starts_from_the_same_answers(store, config, tmp_path):
    """As `stages/train.py` chains phases: weights through their file, then a wider `trainable`."""
    raised = replace(config, model=replace(config.model, variant=Progressive(0.3, "progressive")))
    levels, answers = ["fusion.level1.*", "fusion.level2.*", "fusion.level3.*"], None
    for number in range(3):
        task = build(raised, HEADS, store, store, seed=number)
        if number:
            load_into(task.model, task.spec, tmp_path / "w.safetensors")
            for name, before in answers.items():
                torch.testing.assert_close(logits(task)[name], before, rtol=0, atol=1e-5)
        phase = make_phase(epochs=2, lr=5e-3, trainable=("backbone.*", *levels[: number + 1]))
        start = {name: p.clone() for name, p in task.model.named_parameters()}
        trained = train_phase(task, phase, range(12), {}, make_run(batch_size=4))
        task.model.load_state_dict(trained.weights)
        moved = {name.split(".")[1] for name in start if not torch.equal(trained.weights[name], start[name])}
        assert {name for name in moved if name.startswith("level")} == {f"level{n + 1}" for n in range(number + 1)}
        write_tensors(tmp_path / "w.safetensors", trained.weights, task.spec)
        answers = logits(task)


def test_the_source_of_weights_does_not_change_the_models_identity():
    fresh = {"kind": "s3d", "weights": {"kind": "none"}, "checkpoint": False, "channels_last": False}
    other = {**fresh, "weights": {"kind": "kinetics400"}, "checkpoint": True}
    window = {"centre": 9, "stride": 2, "frames": 8, "height": 32, "width": 48}
    variant = {"kind": "dual", "dropout": 0.1}
    models = [convert(FoulModel, {"variant": variant, "backbone": backbone}, "") for backbone in (fresh, other)]
    specs = [specification(model, HEADS, window) for model in models]
    assert specs[0] == specs[1]
    assert from_specification(specs[0])[0].backbone.dim == 1024


def test_preparing_augments_the_clips_alone(store, config):
    task = build(config, HEADS, store, store, seed=1)
    batch = task.train.collate([task.train[i] for i in range(4)])
    keys = np.array([[1, 2, 3, i] for i in range(4)])
    plain, changed = task.prepare(batch, 0.0, keys), task.prepare(batch, 1.0, keys)
    assert torch.equal(plain.inputs["clips"], batch.inputs["clips"][:, :, 1:5])
    assert not torch.equal(changed.inputs["clips"], plain.inputs["clips"])
    assert changed.inputs["clips"].shape[2] == task.valid.collate([task.valid[0]]).inputs["clips"].shape[2] == 4
    assert torch.equal(changed.inputs["mask"], batch.inputs["mask"])
    assert changed.targets is batch.targets and torch.equal(changed.index, batch.index)


def test_a_boost_weighs_its_own_head_alone():
    targets = {"action": torch.tensor([0, 1, 1]), "severity": torch.tensor([0, IGNORE, 2])}
    batch = Batch({}, targets, torch.arange(3))
    outputs = {"action": torch.randn(3, 2), "severity": torch.randn(3, 3)}
    boost = {"action": ClassBoost(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 1.0]))}
    plain, boosted = loss(outputs, batch, None), loss(outputs, batch, boost)
    each = torch.nn.functional.cross_entropy(outputs["action"], targets["action"], reduction="none")
    torch.testing.assert_close(boosted["action"], 0.6 * each[0] + 1.8 * each[1] + 1.8 * each[2])
    torch.testing.assert_close(boosted["severity"], plain["severity"])


def test_a_constant_answer_scores_18_75():
    heads = (Head("action", tuple("abcdefgh")), Head("severity", tuple("ijkl")))
    metric, targets = metrics(heads)["balanced_accuracy"], torch.arange(8)
    outputs = {head.name: torch.eye(len(head.classes))[:1].repeat(8, 1) for head in heads}
    batch = Batch({}, {"action": targets, "severity": targets % 4}, targets)
    assert metric.value(metric.part(outputs, batch)) == pytest.approx(18.75)


def test_figures_have_the_score_and_both_heads(store, config):
    task = build(config, HEADS, None, store, seed=1)
    found = evaluate(task, make_run()).figures
    assert list(found) == ["balanced_accuracy", "action", "severity"]
    mean = (found["action"]["macro_recall"] + found["severity"]["macro_recall"]) / 2
    assert found["balanced_accuracy"] == pytest.approx(100 * mean)


def test_nothing_in_evaluation_is_drawn(store, config):
    task = build(config, HEADS, None, store, seed=1)
    task.model.to(CPU)
    first, second = (evaluate(task, make_run()).predictions["action"].probabilities for _ in range(2))
    np.testing.assert_array_equal(first, second)
