"""`tailwise predict --weights ensemble.json`: two tiny members of a recipe with a head a position."""

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.own_recipe import RECIPE, SCORES
from tailwise.cli.main import main
from tailwise.cli.predict.ensemble import average
from tailwise.core.batch import answers_output
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.ensemble.members import Member
from tailwise.ensemble.write import write_ensemble
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Prediction, Sample

CLASSES = ["falls", "stays", "rises"]
OUT = Path("e/ensemble.json")
WEIGHTS = [0.25, 0.75]


def write_member(name: str, scores: torch.Tensor, classes=CLASSES, recipe="songs", **facts) -> Member:
    write_tensors(Path(name), {"scores.weight": scores}, {"recipe": recipe, "classes": classes, **facts})
    return Member(name, None, {}, f"{name}.safetensors", Path(name))


def write(*members: Member) -> None:
    write_ensemble(OUT, members, np.array(WEIGHTS), {})


@pytest.fixture
def songs(folder, monkeypatch):
    """A package `own`, two weights files of it as an ensemble, and a table of songs."""
    (folder / "own").mkdir()
    (folder / "own/recipe.py").write_text(RECIPE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own.recipe", raising=False)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    write(write_member("one", SCORES), write_member("other", torch.randn(4, 3)))
    Path("songs.csv").write_text("b,0 2 1\nempty,\na,3\n")


def predict(capsys, weights, *more):
    """(status, rows, standard error)"""
    status = main(["predict", "--recipe", "own", "--table", "songs.csv", "--weights", str(weights), *more])
    printed = capsys.readouterr()
    return status, list(csv.DictReader(io.StringIO(printed.out))), printed.err


def likely(rows) -> np.ndarray:
    return np.array([[float(row[f"tag: {name}"]) for name in CLASSES] for row in rows])


def test_it_predicts_the_average_of_its_members(songs, capsys):
    found, *own = (predict(capsys, weights)[1] for weights in (OUT, "one", "other"))
    expected = np.average([likely(rows) for rows in own], axis=0, weights=WEIGHTS)
    np.testing.assert_allclose(likely(found), expected, atol=2e-6)
    assert [row["tag"] for row in found] == [CLASSES[i] for i in expected.argmax(axis=1)]
    names = [(row["song"], row["position"]) for row in found]
    assert names == [(row["song"], row["position"]) for row in own[0]] and len(names) == 4


def test_members_that_read_their_samples_otherwise_are_averaged_too(songs, capsys):
    """Then each reads them its own way: the specifications are different."""
    recipe = Path("own/recipe.py").read_text()
    other = "\n".join(
        [
            recipe.replace("heads: tuple\n", "heads: tuple\n    shift: int = 0\n")
            .replace('(spec["classes"])),))', '(spec["classes"])),), spec.get("shift", 0))')
            .replace("np.array(song.notes)", "np.array(song.notes) + spec.shift"),
        ]
    )
    Path("own/recipe.py").write_text(other)
    Path("songs.csv").write_text("b,0 2 1\na,2\n")
    write(write_member("one", SCORES), write_member("other", torch.randn(4, 3), shift=1))
    found, *own = (predict(capsys, weights)[1] for weights in (OUT, "one", "other"))
    np.testing.assert_allclose(
        likely(found), np.average([likely(rows) for rows in own], axis=0, weights=WEIGHTS), atol=2e-6
    )


def test_a_member_of_other_classes_or_another_recipe_is_refused(songs, capsys):
    write(write_member("one", SCORES), write_member("other", SCORES, ["falls", "stays", "climbs"]))
    status, _, error = predict(capsys, OUT)
    assert status == 1 and error == (
        "tailwise: e/member-2.safetensors: has other heads or classes than e/member-1.safetensors: leave it out\n"
    )
    write(write_member("one", SCORES), write_member("other", SCORES, recipe="fouls"))
    said = "tailwise: e/member-2.safetensors: written by the recipe 'fouls', not by songs\n"
    assert predict(capsys, OUT)[2] == said


def test_a_changed_member_is_refused_before_anything_is_loaded(songs, capsys):
    write_member("e/member-2.safetensors", SCORES)
    status, _, error = predict(capsys, OUT)
    assert status == 1 and "is not the file that e/ensemble.json names by its sha256" in error


def test_a_calibration_of_one_model_is_refused(songs, capsys):
    Path("calibration.json").write_text(json.dumps({}))
    status, _, error = predict(capsys, OUT, "--calibration", "calibration.json")
    assert (status, error.count("\n")) == (1, 1) and "--calibration is of one model, not of the ensemble" in error


HEAD = Head("tag", ("a", "b"))


def answered(*rows, positions=True, attention=None) -> Prediction:
    found = np.array(rows)
    places = np.arange(len(found)) if positions else None
    unknown = np.full(len(found), IGNORE)
    one = Predictions(HEAD, ["s"] * len(found), [""] * len(found), unknown, found.argmax(axis=1), found, places)
    return Prediction("s", ("v", "w"), [one], attention or {})


def test_averaged_probabilities_are_decoded_once():
    """A decoding that gives a sequence the class that its positions have on average."""

    def decode(inputs, outputs):
        assert inputs["length"].tolist() == [2]
        votes = outputs["tag"].softmax(dim=-1).mean(dim=1).argmax(dim=-1)
        return {answers_output("tag"): votes[:, None].expand(-1, outputs["tag"].shape[1])}

    own = [answered([0.9, 0.1], [0.45, 0.55]), answered([0.8, 0.2], [0.4, 0.6])]
    sample = Sample(0, "s", {"length": np.array(2)})
    (found,) = average(own, [0.5, 0.5], sample, decode).heads
    np.testing.assert_allclose(found.probabilities, [[0.85, 0.15], [0.425, 0.575]])
    assert found.predicted.tolist() == [0, 0]
    assert average(own, [0.5, 0.5]).heads[0].predicted.tolist() == [0, 1]


def test_attention_is_averaged_where_all_have_it_over_the_same_parts():
    one, other = (
        answered([0.9, 0.1], positions=False, attention={"tag": np.array(each)}) for each in ([1.0, 0.0], [0.5, 0.5])
    )
    np.testing.assert_allclose(average([one, other], [0.5, 0.5]).attention["tag"], [0.75, 0.25])
    assert average([one, replace(other, attention={})], [0.5, 0.5]).attention == {}
    assert average([one, replace(other, parts=("v",))], [0.5, 0.5]).attention == {}
