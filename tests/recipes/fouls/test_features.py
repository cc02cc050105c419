"""Training the heads alone, on embeddings that were computed once."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.helpers import make_phase, make_run, same
from support.video.stores import HEADS, write_store
from tailwise.core.errors import UserError
from tailwise.data.video.augment.ranges import Augment
from tailwise.engine.batches.order import augment_keys, chunks
from tailwise.engine.checkpoint.hand_over import read_hand_over, write_hand_over
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import load_into, write_tensors, write_weights
from tailwise.engine.contract.passes import Passes
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.features import FILE, SEEDS, Extraction, read_features, write_features
from tailwise.engine.train.loop import train_phase
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Simplified
from tailwise.optim.sgd import SGD
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.recipe import RECIPE
from tailwise.recipes.fouls.task import Config, build

CONFIG = Config(FoulModel(Simplified(0.3, "simplified"), Tiny("tiny", width=8)), Augment(0.5, 0.2, 0.5, 1))
FROZEN = ("*", "!backbone.*")
PASSES = Passes(2, 0.8)
HEADS_ONLY = make_phase(epochs=3, lr=2e-2, trainable=FROZEN, loss_weights={"per_view": 0.5})


@dataclass(frozen=True)
class Folders:
    clips: tuple[Path, Path]
    features: tuple[Path, Path]


@pytest.fixture
def folders(tmp_path) -> Folders:
    """Two splits of clips, and the features of them by the model of seed 1."""
    for seed, split in enumerate(("train", "valid")):
        (tmp_path / split).mkdir()
        write_store(tmp_path / split, split, seed)
    clips = tmp_path / "train", tmp_path / "valid"
    return Folders(clips, extract(clips, tmp_path / "features"))


def extract(clips, folder: Path, recovery: Path | None = None, seed: int = 1, config: Config = CONFIG, run=None):
    task, run = build(RECIPE.for_features(config), HEADS, *clips, seed), run or make_run(batch_size=5)
    embedder = RECIPE.embedder(task.model)
    with Recovery(recovery or folder / "state") as kept:
        found = Extraction(task, embedder, run, kept)
        for split, embeddings in zip(clips, (found.training(PASSES), found.validation())):
            write_features(folder / split.name, split, embeddings, embedder)
    return tuple(folder / split.name for split in clips)


def logits(task: Task, samples=None) -> dict[str, torch.Tensor]:
    """Of every validation sample."""
    task.model.eval()
    with torch.no_grad():
        return task.model(**task.valid.collate([task.valid[i] for i in range(len(task.valid))]).inputs)


def test_features_of_the_plain_pass_are_what_the_model_computes(folders):
    on_clips, on_features = (build(CONFIG, HEADS, *each, seed=1) for each in (folders.clips, folders.features))
    for name, expected in logits(on_clips).items():
        torch.testing.assert_close(logits(on_features)[name], expected, rtol=0, atol=1e-5)
    batch = on_clips.train.collate([on_clips.train[i] for i in range(12)])
    plain = on_clips.model.backbone(batch.inputs["clips"][batch.inputs["mask"]][:, 1:-1])  # without the margin
    torch.testing.assert_close(read_features(folders.features[0])[0][:, 0], plain, rtol=0, atol=1e-5)


def test_an_augmented_pass_is_the_model_on_clips_augmented_by_the_pass_as_epoch(folders):
    task, found = build(CONFIG, HEADS, *folders.clips, seed=1), []
    for some in chunks(range(12), 5):
        batch = task.train.collate([task.train[i] for i in some])
        batch = task.prepare(batch, 0.8, augment_keys(1, SEEDS, 2, np.array(some)))
        found.append(task.model.backbone(batch.inputs["clips"][batch.inputs["mask"]]))
    embeddings, _ = read_features(folders.features[0])
    assert torch.equal(embeddings[:, 2], torch.cat(found)) and embeddings.shape == (24, 3, 32)
    assert not any(torch.allclose(embeddings[:, one], embeddings[:, other]) for one, other in ((0, 1), (0, 2), (1, 2)))


def test_heads_on_one_plain_pass_train_as_end_to_end_with_a_frozen_backbone(folders):
    trained = [train(build(CONFIG, HEADS, *each, seed=1)) for each in (folders.clips, folders.features)]
    first = build(CONFIG, HEADS, *folders.clips, seed=1).model.state_dict()
    for name, of_clips in trained[0].weights.items():
        torch.testing.assert_close(trained[1].weights[name], of_clips, rtol=0, atol=2e-5)
        assert torch.equal(trained[1].weights[name], first[name]) == name.startswith("backbone.")
    assert [r.loss for r in trained[1].history] == pytest.approx([r.loss for r in trained[0].history], abs=1e-5)
    assert trained[0].spec == trained[1].spec


def train(task: Task, phase=HEADS_ONLY, **other):
    return train_phase(task, phase, range(12), {}, make_run(batch_size=4, **other))


def test_the_weights_file_is_the_whole_model_that_evaluates_clips(folders, tmp_path):
    task = build(CONFIG, HEADS, *folders.features, seed=1)
    trained = train(task)
    write_weights(tmp_path / "weights", trained.weights, trained.spec, task.spec)
    on_clips, run = build(CONFIG, HEADS, None, folders.clips[1], seed=2), make_run(batch_size=5)
    load_into(on_clips.model, on_clips.spec, tmp_path / "weights")
    task.model.load_state_dict(trained.weights)
    ours, theirs = evaluate(on_clips, run).losses, evaluate(task, run).losses
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_views_are_dropped_from_features_as_from_clips(folders, tmp_path):
    """Passes have every view; a phase drops them."""
    config = replace(CONFIG, augment=replace(CONFIG.augment, drop_views=0.6))
    features, keys = (
        extract(folders.clips, tmp_path / "again", config=config),
        augment_keys(1, "phase1", 2, np.arange(12)),
    )
    assert all(
        (one / FILE).read_bytes() == (other / FILE).read_bytes() for one, other in zip(features, folders.features)
    )
    masks = []
    for each in (folders.clips, features):
        task = build(config, HEADS, *each, seed=1)
        items = [task.train[i] for i in range(12)]
        masks.append(task.prepare(task.train.collate(items), 1.0, keys).inputs["mask"])
    assert torch.equal(*masks) and 12 <= masks[0].sum() < 24


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_strength_of_a_phase_is_the_chance_of_an_augmented_pass(folders, strength):
    task = build(CONFIG, HEADS, *folders.features, seed=1)
    batch = task.train.collate([2] * 2000)  # 3 views each
    chosen = task.prepare(batch, strength, augment_keys(1, "phase1", 0, np.arange(2000))).inputs["features"]
    every = batch.inputs["features"][0]
    shares = [(chosen == every[None, :, number]).all(dim=2).float().mean().item() for number in range(3)]
    assert shares == pytest.approx([1 - strength, strength / 2, strength / 2], abs=0.03)


def test_which_pass_is_taken_follows_from_the_key_alone(folders):
    task, keys = build(CONFIG, HEADS, *folders.features, seed=1), augment_keys(1, "phase1", 3, np.arange(12))
    whole = task.prepare(task.train.collate(list(range(12))), 0.5, keys).inputs["features"]
    part = task.prepare(task.train.collate([7, 4]), 0.5, keys[[7, 4]]).inputs["features"]
    assert torch.equal(whole[[7, 4]][:, : part.shape[1]], part)


def test_micro_batches_add_up(folders):
    config = replace(CONFIG, model=replace(CONFIG.model, variant=Simplified(0.0, "simplified")))
    phase = replace(HEADS_ONLY, augment=0.7, optimizer=SGD("sgd", 0.0))
    whole, parts = (
        train_phase(build(config, HEADS, *folders.features, seed=1), phase, range(12), {}, make_run(4, n)).weights
        for n in (1, 2)
    )
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], rtol=0, atol=1e-5)


class Stop(BaseException):
    pass


def stop_at(model: torch.nn.Module, call: int) -> None:
    """Raise Stop in this call of the model."""
    calls = []

    def count(*_):
        calls.append(1)
        if len(calls) == call:
            raise Stop

    model.register_forward_pre_hook(count)


@pytest.mark.parametrize("call", [1, 2, 5, 8, 11])
def test_a_phase_on_features_resumes_to_the_byte(folders, tmp_path, call):
    phase, straight = replace(HEADS_ONLY, augment=0.7), None
    for place in (None, call, None):
        task = build(CONFIG, HEADS, *folders.features, seed=1)
        with Recovery(tmp_path / ("straight-1" if straight is None else "stopped-1")) as recovery:
            if place:
                stop_at(task.model, place)
                with pytest.raises(Stop):
                    train(task, phase, recovery=recovery, save_every=0.0)
                continue
            found = train(task, phase, recovery=recovery, save_every=0.0)
        straight = straight or found
    assert same(found.weights, straight.weights) and found.history == straight.history


@pytest.mark.parametrize("call", [2, 4, 9, 11])
def test_an_extraction_that_is_killed_goes_on_to_the_byte(folders, tmp_path, call, monkeypatch):
    """3 passes over training, one over validation, 3 batches each."""
    embedder = type(RECIPE).embedder

    def stopping(self, model):
        found = embedder(self, model)
        stop_at(found, call)
        return found

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(type(RECIPE), "embedder", stopping)
        extract(folders.clips, tmp_path / "again")
    rows = {file: file.stat().st_mtime_ns for file in (tmp_path / "again/state").glob("*.safetensors")}
    assert len(rows) == call - 1
    again = extract(folders.clips, tmp_path / "again")
    assert {file: file.stat().st_mtime_ns for file in rows} == rows
    for one, other in zip(folders.features, again):
        assert (one / FILE).read_bytes() == (other / FILE).read_bytes()


def test_a_state_handed_over_goes_on_from_clips_to_features(folders, tmp_path):
    """Of another backbone it is refused, too: its weights come after the model was built."""
    optimizer = "adamw"
    for seed in (1, 2):
        last = train(build(CONFIG, HEADS, *folders.clips, seed=seed), replace(HEADS_ONLY, hand_over="last")).last
        write_hand_over(tmp_path / "state", last)
        task = build(CONFIG, HEADS, *folders.features, seed=1)
        handed = read_hand_over(tmp_path / "state", task.spec, optimizer)
        if seed == 1:
            assert train_phase(task, HEADS_ONLY, range(12), {}, make_run(batch_size=4), handed).best
            continue
        with pytest.raises(UserError, match="features of another backbone"):
            train_phase(task, HEADS_ONLY, range(12), {}, make_run(batch_size=4), handed)


def test_what_features_do_not_fit_is_refused_with_a_line(folders, tmp_path):
    other = build(CONFIG, HEADS, *folders.features, seed=2)
    with pytest.raises(UserError, match="valid: features of another backbone than this model's, they must be"):
        train(other)
    with pytest.raises(UserError, match=r'valid: features do not train a backbone: add "!backbone.\*" to trainable'):
        train(build(CONFIG, HEADS, *folders.features, seed=1), make_phase())
    mixed = folders.features[0], extract(folders.clips, tmp_path / "other", seed=2)[1]
    with pytest.raises(UserError, match=r"features of two backbones, they must be computed anew"):
        build(CONFIG, HEADS, *mixed, seed=1)
    write_tensors(folders.features[1] / FILE, {"x": torch.zeros(1)}, {})
    with pytest.raises(UserError, match=r"features.safetensors: not a file of features"):
        build(CONFIG, HEADS, *folders.features, seed=1)


def test_features_that_are_not_finite_are_refused(folders, tmp_path):
    task = build(CONFIG, HEADS, *folders.clips, seed=1)
    torch.nn.init.constant_(task.model.backbone.patches.weight, torch.nan)
    with Recovery(tmp_path / "state") as kept, pytest.raises(UserError, match="the embeddings are not finite"):
        Extraction(task, RECIPE.embedder(task.model), make_run(), kept).validation()


def test_a_batch_that_does_not_fit_in_memory_is_embedded_sample_by_sample(folders, tmp_path):
    task = build(CONFIG, HEADS, *folders.clips, seed=1)
    embedder = RECIPE.embedder(task.model)

    def narrow(module, args, inputs):
        if len(inputs["clips"]) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    embedder.register_forward_pre_hook(narrow, with_kwargs=True)
    with Recovery(tmp_path / "state") as kept:
        found = Extraction(task, embedder, make_run(batch_size=5), kept).training(PASSES)
    torch.testing.assert_close(found, read_features(folders.features[0])[0], rtol=0, atol=1e-5)
