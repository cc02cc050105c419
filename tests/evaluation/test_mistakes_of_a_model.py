"""The surest mistakes, and the stage that shows them."""

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
from support.trained import CONFIG, HEADS, film_split, store_of, trained
from tailwise.core.batch import Head
from tailwise.core.errors import UserError
from tailwise.core.files import write_csv, write_json
from tailwise.core.params.config import read_params
from tailwise.engine.evaluate.predictions import answer_rows, evaluate
from tailwise.evaluation.mistakes import Mistake, read_mistakes, surest

ROOT = Path(__file__).parents[2]
VIEWS = {str(number): 1 + number % 3 for number in range(14)}


def mistake(sample, probability):
    return Mistake(sample, "match", "a", "b", {"a": 1 - probability, "b": probability})


def test_the_surest_come_first_and_equals_go_by_name():
    made = [mistake("x/3", 0.6), mistake("x/2", 0.9), mistake("x/1", 0.6), mistake("x/0", 0.5)]
    assert [one.sample for one in surest(made, 3)] == ["x/2", "x/1", "x/3"]


def test_right_answers_are_none_and_a_class_may_be_called_like_a_column(tmp_path):
    header = ["sample", "group", "actual", "predicted", "predicted", "a,\n"]
    rows = [["x/0", "m", "a,\n", "predicted", 0.75, 0.25], ["x/1", "m", "a,\n", "a,\n", 0.1, 0.9]]
    write_csv(tmp_path / "h.csv", header, rows)
    assert read_mistakes(tmp_path / "h.csv") == [
        Mistake("x/0", "m", "a,\n", "predicted", {"predicted": 0.75, "a,\n": 0.25})
    ]
    with pytest.raises(UserError, match="none.csv: No such file"):
        read_mistakes(tmp_path / "none.csv")


@pytest.fixture
def evaluated(folder, monkeypatch):
    """A working folder as `evaluate` leaves it: 14 fouls, all of them dives and red cards to the annotators."""
    split = film_split(folder / "raw", VIEWS)
    store_of(split, VIEWS, folder / "data/clips/valid")
    task = trained(folder / "data/clips/valid", folder / "w.safetensors")
    write_json(folder / "data/index/heads.json", {head.name: list(head.classes) for head in HEADS})
    for name, of_head in evaluate(task, make_run()).heads.items():
        header, rows = answer_rows(task.valid, of_head)
        write_csv(Path(f"reports/evaluation/{name}.csv"), header, rows)
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
        wrong = surest(read_mistakes(Path(f"reports/evaluation/{head}.csv")), 12)
        assert [one["sample"] for one in of_head] == [one.sample for one in wrong]
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
