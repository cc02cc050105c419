"""A decoding fitted to songs: what training songs tell, and what calibration songs choose."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.sections.songs import make_songs, write_prepared
from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.core.params.config import read_params, section, sections
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.classification import Classification
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.recipes.sections.decoding.fit import DecodingParams, fit_decoding
from tailwise.recipes.sections.decoding.fitted import read_decoding
from tailwise.recipes.sections.decoding.kinds import Durations, MostProbable, Novelty
from tailwise.recipes.sections.params import Params

FOLDER = Path(__file__).parents[4] / "pipelines/sections"
HEAD = Head("section", ("verse", "chorus"))
TRUTH = np.repeat([0, 1, 0, 1], [8, 4, 8, 4])


class Made:
    """What fit_decoding reads of a task."""

    heads = (HEAD,)
    metrics = {"section": Classification(HEAD), "boundaries": Boundaries(HEAD)}


def songs(noise: float, count: int = 6):
    """Batches of two songs; the second one is shorter, and its features change where its sections do."""
    rng = np.random.default_rng(1)
    for _ in range(count // 2):
        targets = np.stack([TRUTH, np.where(np.arange(24) < 20, TRUTH, IGNORE)])
        logits = torch.from_numpy(np.eye(2)[TRUTH] + noise * rng.normal(size=(2, 24, 2))).float()
        features = torch.from_numpy(np.eye(2)[np.stack([TRUTH] * 2)] + 0.05 * rng.normal(size=(2, 24, 2)))
        inputs = {"features": features, "length": torch.tensor([24, 20])}
        yield Batch(inputs, {"section": torch.from_numpy(targets)}, torch.arange(2)), {"section": logits}


@pytest.fixture
def train(tmp_path):
    write_prepared(tmp_path, make_songs(1))
    folder = tmp_path / "train"
    folder.mkdir()
    names = [HEAD.classes[label] for label in TRUTH]
    (folder / "manifest.csv").write_text("sample,section\n" + "".join(f"s{i},{'|'.join(names)}\n" for i in range(3)))
    return folder


def fit(train, kind, noise=1.0, method="none"):
    return fit_decoding(DecodingParams(kind, Calibration(method)), train, Made(), songs(noise))


@pytest.mark.parametrize("kind", [Durations("durations"), Novelty("novelty", (4, 8), (0.0, 0.5))])
def test_decoding_finds_more_boundaries_than_single_positions(train, kind):
    _, figures = fit(train, kind)
    plain, chosen = figures["section"]["most_probable"], figures["section"]["chosen"]
    assert chosen["boundary_f1"] > plain["boundary_f1"] + 0.1 and chosen["macro_f1"] > plain["macro_f1"]


def test_the_best_of_the_settings_is_chosen_and_the_first_of_equals(train):
    fitted, figures = fit(train, Durations("durations", (1e-6, 0.5, 1.0)))
    tried = figures["section"]["tried"]
    sums = [one["macro_f1"] + one["boundary_f1"] for one in tried]
    assert [one["weight"] for one in tried] == [1e-6, 0.5, 1.0]
    assert fitted["section"]["weight"] == tried[sums.index(max(sums))]["weight"] != 1e-6
    assert fit(train, Durations("durations", (0.5, 0.3)), noise=0.0)[0]["section"]["weight"] == 0.5


def test_lengths_and_transitions_are_those_of_the_training_songs(train):
    fitted, _ = fit(train, Durations("durations", (1.0,)))
    assert np.exp(fitted["section"]["center"]) == pytest.approx([8, 4], abs=1e-4)
    assert fitted["section"]["transitions"] == ((0.0, 1.0), (1.0, 0.0))


def test_of_the_training_songs_come_the_shares_that_adjust(train):
    fitted, figures = fit(train, Durations("durations", (0.5, 1.0), (0.0, 1.0)))
    assert [(one["tau"], one["weight"]) for one in figures["section"]["tried"]] == [(0, 0.5), (0, 1), (1, 0.5), (1, 1)]
    assert fitted["section"]["adjustment"]["shares"] == pytest.approx([49 / 74, 25 / 74], abs=1e-6)  # one more of each


def test_the_calibration_is_that_of_the_pipeline(train):
    found = (fit(train, Durations("durations", (1.0,)), method=method)[0] for method in ("none", "platt"))
    plain, platt = (fitted["section"]["adjustment"]["calibrator"] for fitted in found)
    assert plain["kind"] == "none" and platt["kind"] == "platt" and platt["slopes"]


@pytest.mark.parametrize("kind", [Durations("durations"), Novelty("novelty"), MostProbable("most_probable")])
def test_what_was_fitted_is_read_again(train, tmp_path, kind):
    fitted, _ = fit(train, kind)
    (tmp_path / "d.json").write_text(json.dumps(fitted))
    assert read_decoding(tmp_path / "d.json", (HEAD,))["section"].kind == kind.kind


def test_with_most_probable_classes_nothing_is_fitted(train):
    fitted, figures = fit(train, MostProbable("most_probable"))
    assert fitted == {"section": {"kind": "most_probable", "classes": HEAD.classes}}
    assert figures["section"]["chosen"] == figures["section"]["most_probable"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "viterbi"}, "decoding.kind must be one of most_probable, durations, novelty, found 'viterbi'"),
        ({"kind": "durations", "weights": []}, "decoding: weights must be a list of numbers above 0 and at most 1000"),
        (
            {"kind": "durations", "weights": [0.0]},
            "decoding: weights must be a list of numbers above 0 and at most 1000",
        ),
        ({"kind": "durations", "kernels": [4]}, "decoding.kernels is unknown"),
        ({"kind": "novelty", "taus": [-1.0]}, "decoding: taus must be a list of numbers from 0 to 10"),
        (
            {"kind": "novelty", "kernels": [1]},
            "decoding: kernels must be a list of numbers of positions, each from 2 to 1024",
        ),
        ({"kind": "novelty", "heights": []}, "decoding: heights must be a list of numbers"),
    ],
)
def test_wrong_params_are_refused_in_one_line(change, message):
    params = read_params(FOLDER / "params.yaml") | {"decoding": change}
    with pytest.raises(UserError) as caught:
        section(params, "", Params)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_shipped_params_choose_on_songs_that_nothing_else_reads():
    params = read_params(FOLDER / "params.yaml")
    assert isinstance(sections(params, DecodingParams).decoding, Durations)
    assert replace(sections(params, DecodingParams), decoding=MostProbable("most_probable")) is not None
