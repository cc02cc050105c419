"""The stages `explain` and `map_embeddings` on fouls: what they write, and the same bytes again."""

import json
import runpy
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from support.helpers import make_run
from support.training.trained import CONFIG, HEADS, film_split, store_of, trained
from tailwise.core.files import write_json
from tailwise.core.params.config import read_params
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.metrics.predictions import write_predictions

ROOT = Path(__file__).parents[3]
VIEWS = {str(number): 1 + number % 3 for number in range(6)}
STORE = Path("data/clips/valid")


def run(monkeypatch, name, *folders):
    arguments = [f"{name}.py", "tailwise.recipes.fouls", "w.safetensors", *map(str, folders), "reports/evaluation"]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(ROOT / f"stages/{name}.py"), run_name="__main__")


def test_the_stages_explain_the_labels_there_are_and_write_the_same_bytes_again(folder, monkeypatch):
    store_of(film_split(folder / "raw", VIEWS), VIEWS, folder / STORE)
    task = trained(folder / STORE, folder / "w.safetensors")
    write_json(folder / "data/index/heads.json", {head.name: list(head.classes) for head in HEADS})
    counts = {head.name: dict.fromkeys(head.classes, 6) for head in HEADS}
    write_json(folder / "reports/classes.json", {"train": counts})
    for name, of_head in evaluate(task, make_run()).predictions.items():
        write_predictions(Path(f"reports/evaluation/{name}.csv"), of_head)
    params = read_params(ROOT / "params.yaml")
    params |= {"model": asdict(CONFIG.model), "training": {**params["training"], "threads": 1}}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf8")

    run(monkeypatch, "explain", STORE, STORE)
    first = Path("reports/explanations.json").read_bytes()
    run(monkeypatch, "explain", STORE, STORE)
    assert Path("reports/explanations.json").read_bytes() == first
    for head, actual in {"action": "Dive", "severity": "Red card"}.items():
        made = json.loads(first)[head]
        assert [(row["name"], row["labels"]) for row in made["classes"]] == [(actual, 6)]
        assert 1 <= len(made["samples"]) <= 3
        for one in made["samples"]:
            assert one["nearest"][0] == {"sample": one["sample"], "label": actual, "similarity": 1.0}
            assert len(one["parts"]) == VIEWS[one["sample"].rpartition("/")[2]]

    run(monkeypatch, "map_embeddings", STORE)
    maps = json.loads(Path("reports/map.json").read_bytes())
    for of_head in maps.values():
        assert of_head["facets"]["views"] == [str(VIEWS[name.rpartition("/")[2]]) for name in of_head["samples"]]
