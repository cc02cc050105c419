"""The logos pipeline as the engine sees it: batches, learning, specification, fallbacks, and a resumed phase."""

import json
from dataclasses import replace

import pytest
import torch

from support.helpers import make_phase, make_run, same
from support.logos.pictures import HEAD, SIZE, write_split
from tailwise.core.errors import UserError
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.engine.checkpoint.weights import as_json, load_into, write_weights
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.train.loop import train_phase
from tailwise.losses.image.aleatoric import UNCERTAINTY
from tailwise.losses.image.loss import ImageLoss
from tailwise.models.image.classifier import Ensemble, ImageModel
from tailwise.models.image.small import Small
from tailwise.models.image.transformer import VisionTransformer
from tailwise.recipes.logos.explain import explain
from tailwise.recipes.logos.predict import from_specification
from tailwise.recipes.logos.task import Config, as_stored, build, priors

VIT, SMALL = VisionTransformer("vit", width=16, depth=1, heads=2, dropout=0.0), Small("small", width=4)
AUGMENT = ImageAugment(mirror=0.5, shift=0.1, brightness=0.1)
CONFIG = Config(ImageModel(VIT, dropout=0.0, fallbacks=(SMALL,)), ImageLoss(uncertainty=0.3, prior=0.1), AUGMENT)


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    return write_split(folder / "train", 32), write_split(folder / "valid", 16, seed=1)


def made(splits, config=CONFIG, seed=1):
    return build(config, (HEAD,), *splits, seed=seed)


def test_it_learns_and_every_metric_has_figures(splits):
    task = made(splits)
    phase = make_phase(epochs=12, lr=1e-2, clip=1.0, augment=0.5)
    trained = train_phase(task, phase, range(32), {}, make_run(batch_size=8))
    figures = figures_of(task.metrics, trained.history[-1].totals)
    assert figures["kind"]["accuracy"] > 0.9 > figures_of(task.metrics, trained.history[0].totals)["kind"]["accuracy"]
    assert task.select.score(figures) == figures["kind"]["macro_recall"]
    assert figures["predicted"]["largest"] < 0.4 and figures["confidence"]["mean"] > 0.25
    assert figures.keys() == {"kind", "confidence", "calibration", "predicted", "uncertainty"}


def test_weights_follow_from_the_seed(splits):
    one, again, other = (made(splits, seed=seed).model.state_dict() for seed in (1, 1, 2))
    assert same(one, again) and not same(one, other)


def test_the_weights_file_holds_all_that_a_prediction_needs(splits, tmp_path):
    task = made(splits)
    write_weights(tmp_path / "a.safetensors", task.model.state_dict(), task.spec, task.spec)
    model, spec = from_specification(json.loads(json.dumps(task.spec)))
    load_into(model, task.spec, tmp_path / "a.safetensors")
    assert spec.heads == (HEAD,) and spec.canvas.size == SIZE and spec.model == CONFIG.model.bare()
    batch = task.valid.collate([task.valid[0]])
    torch.testing.assert_close(model.eval()(**batch.inputs), task.model.eval()(**batch.inputs))


def test_fallbacks_follow_each_other_and_are_found_by_their_specification(splits):
    chain = replace(CONFIG, model=replace(CONFIG.model, fallbacks=(replace(VIT, colour_bias=False), SMALL)))
    task = made(splits, chain)
    last = task.fallback().fallback()
    assert last.fallback is None and last.spec["model"]["backbone"]["kind"] == "small"
    stored = as_stored(chain, json.loads(json.dumps(task.fallback().spec)))
    assert stored.model == chain.model.fallback()
    assert as_json(made(splits, stored).spec) == as_json(task.fallback().spec)
    with pytest.raises(UserError, match=r"model\.fallbacks does not name"):
        as_stored(CONFIG, task.fallback().spec)


def test_an_ensemble_trains(splits):
    members = Ensemble("ensemble", (VIT, SMALL))
    task = made(splits, replace(CONFIG, model=replace(CONFIG.model, backbone=members, fallbacks=())))
    trained = train_phase(task, make_phase(epochs=4, lr=1e-2, clip=1.0), range(32), {}, make_run(batch_size=8))
    assert trained.history[-1].score > 0.6 and trained.history[-1].loss < trained.history[0].loss
    assert task.fallback is None


def test_options_that_do_not_fit_each_other_are_refused(splits):
    with pytest.raises(UserError, match="model: patch 32 must divide pictures of 32 pixels .*; see prepare.size"):
        made(splits, replace(CONFIG, model=ImageModel(replace(VIT, patch=32))))
    with pytest.raises(UserError, match="uncertainty would not be trained"):
        made(splits, replace(CONFIG, loss=ImageLoss()))


def test_without_uncertainty_there_is_no_figure_of_it(splits):
    task = made(splits, replace(CONFIG, model=replace(CONFIG.model, uncertainty=False), loss=ImageLoss()))
    assert UNCERTAINTY not in task.metrics


def test_priors_are_even_or_the_shares_of_the_training_labels(splits):
    task = made(splits)
    assert priors(CONFIG.loss, (HEAD,), task.train)["kind"].tolist() == [0.25] * 4
    task.train.labels("kind")[:8] = 0
    found = priors(replace(CONFIG.loss, shares="training"), (HEAD,), task.train)["kind"]
    assert found.tolist() == [14 / 32, 6 / 32, 6 / 32, 6 / 32]
    assert priors(replace(CONFIG.loss, shares="training"), (HEAD,), None)["kind"].tolist() == [0.25] * 4


def test_training_is_the_same_twice_and_follows_the_augmentation(splits):
    def weights(config):
        return train_phase(
            made(splits, config), make_phase(epochs=1, augment=1.0), range(32), {}, make_run(batch_size=8)
        ).weights

    assert same(weights(CONFIG), weights(CONFIG))
    assert not same(weights(CONFIG), weights(replace(CONFIG, augment=ImageAugment())))


def test_a_picture_is_explained_by_a_map_and_its_uncertainty(splits):
    config = replace(CONFIG, model=replace(CONFIG.model, dropout=0.3))
    task = made(splits, config)
    task.model.eval()
    found = explain(task, "logo3", "kind", torch.device("cpu"))
    assert len(found["attention"]) == 4 and sum(map(sum, found["attention"])) == pytest.approx(1, abs=1e-3)
    uncertainty = found["uncertainty"]
    assert (
        uncertainty["entropy"]
        == pytest.approx(uncertainty["expected_entropy"] + uncertainty["mutual_information"], abs=1e-4)
        and uncertainty["mutual_information"] > 0
    )
    assert found == explain(task, "logo3", "kind", torch.device("cpu")) and "log_variance" in uncertainty
    small = made(splits, replace(config, model=ImageModel(SMALL, uncertainty=False, fallbacks=()), loss=ImageLoss()))
    small.model.eval()
    assert explain(small, "logo3", "kind", torch.device("cpu")).keys() == {"uncertainty"}
