"""The most confident mistakes, and the stage that shows them."""

import base64
import io
import json
import runpy
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from support.helpers import make_run
from support.training.trained import CONFIG, HEADS, film_split, store_of, trained
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.heads import IGNORE, Head
from tailwise.core.params.config import read_params
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.evaluation.mistakes import confident_mistakes
from tailwise.metrics.predictions import Predictions, read_predictions, write_predictions

ROOT = Path(__file__).parents[2]
VIEWS = {str(number): 1 + number % 3 for number in range(14)}


def wrong(samples, probabilities, positions=None):
    """All of class a, predicted b with these probabilities."""
    likely = np.array([[1 - p, p] for p in probabilities])
    ids = np.zeros(len(samples), int)
    return Predictions(Head("x", ("a", "b")), samples, ["match"] * len(samples), ids, ids + 1, likely, positions)


def test_the_most_confident_come_first_and_equals_go_by_name():
    found = confident_mistakes(wrong(["x/3", "x/2", "x/1", "x/0"], [0.6, 0.9, 0.6, 0.5]), 3)
    assert [one.sample for one in found] == ["x/2", "x/1", "x/3"] and "position" not in found[0].to_json()


def test_of_a_sequence_they_have_a_position():
    found = confident_mistakes(wrong(["x/1", "x/1", "x/0"], [0.75, 0.75, 0.75], np.array([4, 2, 9])), 3)
    assert [(one.sample, one.position) for one in found] == [("x/0", 9), ("x/1", 2), ("x/1", 4)]
    assert found[0].to_json() == {
        "sample": "x/0", "group": "match", "actual": "a", "predicted": "b", "probabilities": {"a": 0.25, "b": 0.75},
        "position": 9,
    }  # fmt: skip


def test_of_a_sequence_a_few_are_shown_and_neighbours_once():
    """Song x is wrong at 1, 2, 3, at 7 and at 9, and surest of it; y at 0. One stretch of x is one mistake."""
    samples, places = ["x"] * 5 + ["y"], np.array([1, 2, 3, 7, 9, 0])
    found = confident_mistakes(wrong(samples, [0.9, 0.95, 0.9, 0.8, 0.85, 0.6], places), 9)
    assert [(one.sample, one.position) for one in found] == [("x", 2), ("x", 9), ("y", 0)]
    assert len(confident_mistakes(wrong(samples, [0.9, 0.95, 0.9, 0.8, 0.85, 0.6]), 9)) == 6


def test_right_and_unlabelled_ones_are_none():
    found = wrong(["x/0", "x/1", "x/2"], [0.75, 0.75, 0.75])
    found.targets[:2] = [1, IGNORE]
    assert [one.sample for one in confident_mistakes(found, 9)] == ["x/2"]


@pytest.fixture
def evaluated(folder, monkeypatch):
    """A working folder as `evaluate` leaves it: 14 fouls, all of them dives and red cards to the annotators."""
    split = film_split(folder / "raw", VIEWS)
    store_of(split, VIEWS, folder / "data/clips/valid")
    task = trained(folder / "data/clips/valid", folder / "w.safetensors")
    write_json(folder / "data/index/heads.json", {head.name: list(head.classes) for head in HEADS})
    for name, of_head in evaluate(task, make_run()).predictions.items():
        write_predictions(Path(f"reports/evaluation/{name}.csv"), of_head)
    params = read_params(ROOT / "params.yaml")
    params["model"] = asdict(CONFIG.model)
    params["training"]["threads"] = 1
    Path("params.yaml").write_text(yaml.safe_dump(params))
    arguments = ["show_mistakes.py", "tailwise.recipes.fouls", "w.safetensors", "data/clips/valid"]
    monkeypatch.setattr(sys, "argv", arguments)
    return task


def shown():
    runpy.run_path(str(ROOT / "stages/show_mistakes.py"), run_name="__main__")
    return Path("reports/mistakes.json").read_bytes()


def test_the_stage_shows_each_view_with_its_attention_and_writes_the_same_bytes_again(evaluated):
    first = shown()
    assert shown() == first
    content = json.loads(first)
    assert list(content) == ["action", "severity"]
    for head, of_head in content.items():
        (of_name,) = [each for each in HEADS if each.name == head]
        mistakes = confident_mistakes(read_predictions(Path(f"reports/evaluation/{head}.csv"), of_name), 12)
        assert [one["sample"] for one in of_head] == [one.sample for one in mistakes]
        sure = [one["probabilities"][one["predicted"]] for one in of_head]
        assert sure == sorted(sure, reverse=True)
        for one in of_head:
            assert one["predicted"] != one["actual"] == {"action": "Dive", "severity": "Red card"}[head]
            item = evaluated.valid[evaluated.valid.names.index(one["sample"])]
            _, attention = evaluated.model.look(**evaluated.valid.collate([item]).inputs)
            weights = [view["attention"] for view in one["views"]]
            assert weights == [round(weight, 6) for weight in attention[head][0].tolist()]
            assert_strips(one["views"], item[1])
    assert max(map(len, content.values())) == 12


def assert_strips(views, frames):
    assert [view["frames"] for view in views] == [4] * len(frames)
    for view, of_view in zip(views, frames):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(view["strip"].partition(",")[2]))))
        assert picture.shape[1] == 4 * 64 + 3 * 2
        np.testing.assert_allclose(picture[:, :64].mean(axis=(0, 1)), of_view[0].mean(axis=(0, 1)), atol=4)


def test_a_head_without_a_mistake_is_an_empty_list(evaluated):
    for head in HEADS:
        path = Path(f"reports/evaluation/{head.name}.csv")
        header = path.read_text().splitlines()[0]
        path.write_text(header + "\n")
    assert json.loads(shown()) == {"action": [], "severity": []}


def test_weights_of_another_model_are_refused(evaluated):
    trained(Path("data/clips/valid"), Path("w.safetensors"), (HEADS[0], Head("severity", ("No card", "Red card"))))
    with pytest.raises(UserError, match="w.safetensors: weights of another model: heads is"):
        shown()
