"""The sections pipeline as the engine sees it: batches, lengths, specification and fallback."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from support.helpers import make_phase, make_run, same
from support.sections.songs import HEAD, WIDTH, make_songs, write_prepared
from tailwise.core.heads import IGNORE
from tailwise.core.params.config import read_params, sections
from tailwise.engine.checkpoint.weights import load_into, read_tensors, write_tensors
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.train.loop import train_phase
from tailwise.models.sequence.attention import Attention
from tailwise.recipes.sections.predict import from_specification
from tailwise.recipes.sections.task import Config, as_stored, build

FOLDER = Path(__file__).parents[3] / "pipelines/sections"
MADE = make_songs(12)


@pytest.fixture
def split(tmp_path) -> Path:
    write_prepared(tmp_path, MADE)
    return tmp_path / "data/prepared/valid"


@pytest.fixture
def config() -> Config:
    params = read_params(FOLDER / "params.yaml")
    params["model"] |= {"recurrence": {"hidden": 8, "layers": 1}, "projections": {"widths": [8]}}
    return sections(params, Config)


def with_attention(config: Config) -> Config:
    return replace(config, model=replace(config.model, attention=Attention(heads=2)))


def logits(task, indices) -> torch.Tensor:
    batch = task.valid.collate([task.valid[i] for i in indices])
    with torch.no_grad():
        return task.model.eval()(**batch.inputs)["section"]


def test_lengths_are_those_of_the_songs_and_padding_has_no_label(split, config):
    task = build(config, (HEAD,), split, split, seed=1)
    lengths = [len(truth) for truth in MADE.truth]
    assert list(task.lengths) == list(task.valid_lengths) == lengths
    batch = task.samples.collate([task.samples[i] for i in range(4)])
    assert batch.inputs["features"].shape == (4, max(lengths[:4]), WIDTH)
    assert batch.inputs["length"].tolist() == lengths[:4]
    for song, length in enumerate(lengths[:4]):
        assert batch.targets["section"][song, :length].tolist() == MADE.truth[song].tolist()
        assert (batch.targets["section"][song, length:] == IGNORE).all()
        assert not batch.inputs["features"][song, length:].any()


def test_without_training_songs_there_are_no_training_lengths(split, config):
    task = build(config, (HEAD,), None, split, seed=1)
    assert task.lengths is None and task.train is None and len(task.valid_lengths) == len(MADE.names)


def test_an_answer_does_not_depend_on_the_songs_beside_it(split, config):
    task = build(config, (HEAD,), None, split, seed=1)
    together = logits(task, range(12))
    for song in (0, 5):
        alone = logits(task, [song])
        torch.testing.assert_close(alone[0], together[song, : alone.shape[1]], rtol=0, atol=1e-6)


def test_it_learns_and_its_metrics_have_a_figure_to_select(split, config):
    task = build(config, (HEAD,), split, split, seed=1)
    trained = train_phase(task, make_phase(epochs=12, lr=2e-2), range(12), {}, make_run(batch_size=4))
    figures = figures_of(task.metrics, trained.history[-1].totals)
    assert trained.history[-1].loss < trained.history[0].loss / 2
    assert task.select.score(figures) == pytest.approx(figures["section"]["macro_f1"])
    assert figures["section"]["macro_f1"] > 0.8 and {"f1_0", "f1_1", "f1_2"} <= figures["boundaries"].keys()


def test_tolerances_are_seconds_where_positions_have_a_length(tmp_path, config):
    write_prepared(tmp_path, make_songs(4, seconds=0.5))
    task = build(config, (HEAD,), None, tmp_path / "data/prepared/valid", seed=1)
    assert task.spec["seconds"] == 0.5
    assert [str(name) for name in task.metrics["boundaries"].headline] == ["f1_0.5s", "f1_3s"]


def test_auxiliary_targets_come_with_the_model_that_has_the_outputs(split, config):
    named = replace(config, model=replace(config.model, auxiliary=("next",)))
    task = build(named, (HEAD,), split, split, seed=1)
    batch = task.samples.collate([task.samples[0]])
    assert set(batch.targets) == {"section", "next", "until"} and task.auxiliary == ("next", "until")
    assert task.loss_weight("next", {}) == 0 and task.loss_weight("next", {"next": 0.2}) == 0.2
    assert set(build(config, (HEAD,), split, split, seed=1).samples.collate([task.samples[0]]).targets) == {"section"}


def test_a_model_is_rebuilt_from_its_file_without_params(split, config, tmp_path):
    task = build(with_attention(config), (HEAD,), None, split, seed=1)
    write_tensors(tmp_path / "w.safetensors", task.model.state_dict(), task.spec)
    tensors, spec = read_tensors(tmp_path / "w.safetensors")
    assert spec == json.loads(json.dumps(task.spec))
    again, read = from_specification(spec)
    again.load_state_dict(tensors)
    batch = task.valid.collate([task.valid[0], task.valid[3]])
    assert same(again.eval()(**batch.inputs), task.model.eval()(**batch.inputs))
    assert read.heads == (HEAD,) and read.seconds is None and read.features.kind == "vectors"
    load_into(build(with_attention(config), (HEAD,), None, split, seed=2).model, task.spec, tmp_path / "w.safetensors")


def test_the_fallback_is_the_recurrent_model_and_is_found_again_by_its_weights_file(split, config):
    rich = with_attention(config)
    simpler = build(rich, (HEAD,), split, split, seed=1).fallback()
    assert simpler.model.attention is None and simpler.fallback is None
    found = as_stored(rich, simpler.spec)
    assert found == config and found.augment == rich.augment
    assert build(found, (HEAD,), None, split, seed=1).spec == simpler.spec
