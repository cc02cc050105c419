"""The actions pipeline as the engine sees it: passes, mirrored labels, mixing, learning, specification."""

import argparse
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from support.helpers import make_phase, make_run, same
from support.video.actions import CLASSES, HEAD, STREAMS, film, write_tokens
from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.data.video.sampling import Sampling
from tailwise.data.video.store.facts import read_facts, write_facts
from tailwise.data.video.views import Views
from tailwise.engine.batches.order import augment_keys
from tailwise.engine.checkpoint.weights import load_into, write_weights
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.contract.mixing import Cutmix, Mixup
from tailwise.engine.evaluate.embeddings import watched
from tailwise.engine.train.loop import train_phase
from tailwise.models.action.fusion import Concatenation, CrossAttention
from tailwise.models.action.model import TwoStreams
from tailwise.recipes.actions.clips.mirror import swaps_of, with_swapped
from tailwise.recipes.actions.predict.inputs import find_inputs, read_samples
from tailwise.recipes.actions.predict.specification import from_specification
from tailwise.recipes.actions.recipe import RECIPE
from tailwise.recipes.actions.task import Config, as_stored, build, mix_tokens, preparation

CROSS = CrossAttention("cross_attention", heads=2)
CONFIG = Config(STREAMS, TwoStreams(CROSS, width=16, dropout=0.0))
FROZEN = ("*", "!streams.*")


@pytest.fixture(scope="module")
def origins():
    torch.manual_seed(1)
    net = CONFIG.model.build(STREAMS, (HEAD,), (4, 2)).streams
    return {name: net.origin(name) for name in STREAMS.dims}


@pytest.fixture(scope="module")
def splits(tmp_path_factory, origins):
    folder = tmp_path_factory.mktemp("features")
    write_tokens(folder / "train", 24, (False, True), origins)
    write_tokens(folder / "valid", 12, (False,), origins)
    return folder / "train", folder / "valid"


def made(splits, config=CONFIG, seed=1):
    return build(config, (HEAD,), *splits, seed=seed)


def test_it_learns_from_both_passes_and_every_metric_has_figures(splits):
    phase = make_phase(epochs=8, lr=1e-2, clip=1.0, augment=0.5, trainable=FROZEN, mix=Mixup("mixup", 0.2))
    task = made(splits)
    trained = train_phase(task, phase, range(24), {}, make_run(batch_size=8))
    figures = figures_of(task.metrics, trained.history[-1].totals)
    assert figures["action"]["accuracy"] > 0.9 and figures["top"]["top_1"] == figures["action"]["accuracy"]
    assert figures["top"]["top_5"] == 1  # of three classes
    assert figures.keys() == {"action", "top", "confidence"}


def test_training_moves_nothing_of_the_streams(splits):
    task = made(splits)
    before = {name: tensor.clone() for name, tensor in task.model.streams.state_dict().items()}
    trained = train_phase(task, make_phase(epochs=1, trainable=FROZEN), range(24), {}, make_run(batch_size=8))
    after = {name.removeprefix("streams."): of for name, of in trained.weights.items() if name.startswith("streams.")}
    assert same(before, after)


def batch_of(splits, places=(0, 1, 2, 3)) -> Batch:
    task = made(splits)
    return task.train.collate([task.train[i] for i in places])


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_mirrored_pass_carries_the_labels_of_its_mirror_image(splits, strength):
    batch = batch_of(splits)
    found = preparation((False, True), swaps_of((HEAD,)))(batch, strength, augment_keys(1, "p", 0, np.arange(4)))
    assert batch.targets["action"].tolist() == [0, 1, 2, 0]
    assert found.targets["action"].tolist() == ([1, 0, 2, 1] if strength else [0, 1, 2, 0])
    for name, tokens in found.inputs.items():
        assert torch.equal(tokens, batch.inputs[name][:, int(strength)])


def test_the_pass_follows_from_the_keys_alone_and_as_often_as_the_strength_says(splits):
    prepare = preparation((False, True, True), swaps_of((HEAD,)))
    keys = augment_keys(1, "phase1", 3, np.arange(4000))
    tokens = torch.arange(3.0).view(1, 3, 1, 1).expand(4000, 3, 1, 1)
    zeros = torch.zeros(4000, dtype=torch.int64)
    batch = Batch({"semantic": tokens, "motion": tokens}, {"action": zeros}, torch.arange(4000))
    chosen = prepare(batch, 0.6, keys).inputs["semantic"].flatten()
    shares = torch.bincount(chosen.long()) / 4000
    assert shares.tolist() == pytest.approx([0.4, 0.3, 0.3], abs=0.03)
    some = Batch({name: of[7:9] for name, of in batch.inputs.items()}, {"action": zeros[7:9]}, batch.index[7:9])
    assert prepare(some, 0.6, keys[7:9]).inputs["motion"].flatten().tolist() == chosen[7:9].tolist()


def test_missing_labels_stay_missing():
    batch = Batch({}, {"action": torch.tensor([0, -100, 1])}, torch.arange(3))
    found = with_swapped(batch, swaps_of((HEAD,)), torch.tensor([True, True, False]))
    assert found.targets["action"].tolist() == [1, -100, 1]


def test_mixup_blends_tokens_of_partners(splits):
    plain = preparation((False, True), swaps_of((HEAD,)))(batch_of(splits), 0.0, augment_keys(1, "p", 0, np.arange(4)))
    mixed = mix_tokens(plain, Mixup("mixup", 1.0), augment_keys(1, "p", 0, np.arange(4)))
    share, partner = mixed.mix.share[2], mixed.mix.partner[2]
    wanted = share * plain.inputs["motion"][2] + (1 - share) * plain.inputs["motion"][partner]
    torch.testing.assert_close(mixed.inputs["motion"][2], wanted)
    with pytest.raises(UserError, match="use mixup"):
        mix_tokens(plain, Cutmix("cutmix", 1.0), augment_keys(1, "p", 0, np.arange(4)))


def test_the_weights_file_holds_all_that_a_prediction_needs(splits, tmp_path):
    task = made(splits)
    write_weights(tmp_path / "a.safetensors", task.model.state_dict(), task.spec, task.spec)
    model, spec = from_specification(json.loads(json.dumps(task.spec)))
    load_into(model, task.spec, tmp_path / "a.safetensors")
    clips = torch.zeros(1, 8, 32, 48, 3, dtype=torch.uint8)
    task.model.expected = None
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(clips=clips), task.model.eval()(clips=clips))
    assert spec.heads == (HEAD,) and spec.window.frames == 8


def test_the_answer_of_several_views_is_their_mean_probability(splits):
    model = made(splits).model.eval()
    model.expected = None
    rng = torch.Generator().manual_seed(1)
    tokens = {
        name: torch.randn((2, 3, steps, STREAMS.dims[name]), generator=rng)
        for name, steps in (("semantic", 4), ("motion", 2))
    }
    (layer,) = RECIPE.last_layers(model, "action")
    with torch.no_grad(), watched(layer) as seen:
        found = model(**tokens)["action"].softmax(dim=1)
        embedded = seen[0]
        each = [
            model(**{name: of[:, view] for name, of in tokens.items()})["action"].softmax(dim=1) for view in range(3)
        ]
    torch.testing.assert_close(found, torch.stack(each).mean(dim=0))
    assert embedded.shape == (2, 32)


def test_predicted_clips_are_seen_in_all_views(splits, tmp_path):
    looks = Views(Sampling("uniform", 8), crop=32, test="8x1x3")
    for split in splits:
        shutil.copytree(split, tmp_path / split.name)
        facts = read_facts(split)
        write_facts(tmp_path / split.name, replace(facts, looks=looks))
    spec = made((tmp_path / "train", tmp_path / "valid")).spec
    model, read = from_specification(json.loads(json.dumps(spec)))
    assert read.views == looks
    film(tmp_path / "a.mp4", CLASSES[0], seed=1)
    (sample,) = read_samples(
        find_inputs(argparse.Namespace(paths=[tmp_path / "a.mp4"], folder=None, table=None, root=None)), read, 1
    )
    assert sample.inputs["clips"].shape == (3, 8, 32, 32, 3)
    assert model(clips=torch.from_numpy(sample.inputs["clips"])[None])["action"].shape == (1, 3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"steps": [4]}, "steps must be two"), ({"heads": []}, "one or more heads"), ({"pool": "least"}, "pool must be")],
)
def test_a_wrong_specification_is_refused(splits, wrong, said):
    spec = json.loads(json.dumps(made(splits).spec)) | wrong
    with pytest.raises((UserError, ValueError), match=said):
        from_specification(spec)


def test_features_of_two_streams_are_refused(splits, tmp_path, origins):
    write_tokens(tmp_path / "valid", 3, (False,), {**origins, "motion": "other"})
    with pytest.raises(UserError, match="features of different streams"):
        made((splits[0], tmp_path / "valid"))


def test_a_fallback_is_found_by_its_specification(splits):
    simpler = made(splits, replace(CONFIG, model=CONFIG.model.fallback()))
    assert as_stored(CONFIG, simpler.spec).model.fusion == Concatenation("concatenation")
    with pytest.raises(UserError, match="no fallback|another model"):
        as_stored(replace(CONFIG, model=CONFIG.model.fallback()), made(splits).spec)
