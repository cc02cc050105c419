"""The explanations of a head: which training samples are known, what a label is like."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from support.helpers import make_run
from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.embeddings import embeddings
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.explainer import Explainer, Part, embedding_layers, load_explainer
from tailwise.recipes.explaining import Source, explain_head, known_labels, some_of
from tailwise.recipes.fouls.explanation.explainer import FoulExplainer

HEAD = Head("h", ("common", "rare"))


class Points:
    """Samples of two numbers. labels: class ids (N,), or (N, T) for a sequence of as many points"""

    def __init__(self, rows, labels):
        self.rows, self.ids = torch.tensor(rows, dtype=torch.float32), np.array(labels)
        self.names = [f"s{i}" for i in range(len(rows))]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return i, self.rows[i]

    def collate(self, items):
        index = torch.tensor([i for i, _ in items])
        return Batch({"x": torch.stack([row for _, row in items])}, {"h": torch.from_numpy(self.ids)[index]}, index)

    def labels(self, head):
        return self.ids

    def groups(self):
        return self.names


class Net(nn.Module):
    """x (..., 2) to logits of x itself."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(2, 2)
        nn.init.eye_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        return {"h": self.last(x)}


class OfPoints(Explainer):
    def layers(self, recipe, model, head):
        return [model.get_submodule("last")]

    def exhibit(self, asked):
        return [Part("point", steps=asked.batch.inputs["x"][0].flatten().tolist(), step="number")]


def task_of(points):
    return Task((HEAD,), Net(), {}, None, points, lambda *_: None, lambda *_: {})  # pyright: ignore


def source_of(known, asked, targets, predicted, positions=None, names=None):
    training, task = task_of(known), task_of(asked)
    recipe = SimpleNamespace(name="points")
    layers = embedding_layers(OfPoints(), recipe, training)  # pyright: ignore[reportArgumentType]
    found = embeddings(training, make_run(), layers)["h"]
    task.model.eval()
    likely = np.full((len(targets), 2), 0.25)
    likely[np.arange(len(targets)), predicted] = 0.75
    names = names or asked.names
    answers = Predictions(HEAD, names, names, np.array(targets), np.array(predicted), likely, positions)
    last = [task.model.get_submodule("last")]
    counts = {"common": 9, "rare": 2}
    return Source(
        task, HEAD, OfPoints(), last, known_labels(training, "h", found), answers, counts, torch.device("cpu")
    )


def test_a_mistake_is_told_with_the_training_samples_it_is_like():
    known = Points([[1, 0], [2, 0.1], [0, 1], [-1, 0]], [0, 0, 1, 0])
    made = explain_head(source_of(known, Points([[3, 0], [0, 5]], [1, 1]), [1, 1], [0, 1]))
    (rare,) = made["classes"]
    assert rare["name"] == "rare" and (rare["train"], rare["labels"], rare["right"]) == (2, 2, 1)
    assert rare["taken_for"] == {"common": 1} and rare["alike"] == {"common": 3, "rare": 1}
    wrong, right = made["samples"]
    assert [near["sample"] for near in wrong["nearest"]] == ["s0", "s1", "s2", "s3"]
    assert [near["similarity"] for near in wrong["nearest"]] == [1.0, 0.9988, 0.0, -1.0]
    assert wrong["rests_on"] == {"part": "point", "step_name": "number", "step": 0}
    assert (right["sample"], right["predicted"], right["nearest"][0]["label"]) == ("s1", "rare", "rare")


def test_of_a_sequence_the_embedding_is_that_of_the_position():
    known = Points([[[1, 0], [0, 1]]], [[0, 1]])
    asked = Points([[[0, 2], [2, 0]]], [[1, 1]])
    made = explain_head(source_of(known, asked, [1, 1], [1, 0], np.array([0, 1]), ["s0", "s0"]))
    wrong, right = made["samples"]
    assert (wrong["position"], wrong["nearest"][0]["position"], wrong["nearest"][0]["label"]) == (1, 0, "common")
    assert (right["position"], right["nearest"][0]["position"], right["nearest"][0]["label"]) == (0, 1, "rare")


@pytest.mark.parametrize("sequences", [False, True])
def test_of_many_training_samples_the_rare_ones_are_whole(sequences):
    ids = np.array([0] * 30 + [1] * 4 + [-100] * 3)
    task = task_of(Points(np.zeros((37, 2)), np.stack([ids, np.full(37, -100)], axis=1) if sequences else ids))
    some = some_of(task, 10)
    assert len(some.valid) == 10 and {"s30", "s31", "s32", "s33"} <= set(some.valid.names)
    assert not {"s34", "s35", "s36"} & set(some.valid.names)
    assert some.valid.names == some_of(task, 10).valid.names
    assert some.valid.names != some_of(task, 10, seed=2).valid.names
    batch = some.valid.collate([some.valid[3]])
    assert batch.index.tolist() == [3] and some.valid.labels("h").shape[0] == 10
    assert len(some_of(replace(task, valid_lengths=list(range(37))), 10).valid_lengths or ()) == 10
    assert len(some_of(task, 99).valid) == 34


def test_a_recipe_without_an_explainer_shows_its_nearest_samples_alone(tmp_path, monkeypatch):
    assert isinstance(load_explainer("tailwise.recipes.fouls"), FoulExplainer)
    (tmp_path / "plain").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert type(load_explainer("plain")) is Explainer and Explainer().exhibit(None) == []  # pyright: ignore


def test_an_explainer_that_imports_what_is_absent_says_so(tmp_path, monkeypatch):
    (tmp_path / "broken/explanation").mkdir(parents=True)
    (tmp_path / "broken/explanation/explainer.py").write_text("import absent_package\n", encoding="utf8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="absent_package"):
        load_explainer("broken")
