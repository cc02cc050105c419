"""The stage that certifies a model, on a few fouls."""

import runpy
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from support.helpers import make_run
from support.training.trained import CONFIG, HEADS, film_split, store_of, trained
from tailwise.core.files import read_json, write_csv, write_json
from tailwise.core.params.config import read_params
from tailwise.engine.checkpoint.weights import read_tensors, write_weights
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.metrics import confusion as metrics
from tailwise.models.video.variants import Dual
from tailwise.recipes.fouls.annotated.model import as_plain

ROOT = Path(__file__).parents[2]
VIEWS = {str(number): 1 + number % 2 for number in range(4)}
WEIGHTS = Path("w.safetensors")
INDEX = [[f"test/{number}", "Dive", "Red card", "Offence"] for number in (*VIEWS, "4")]


@pytest.fixture
def task(folder):
    """A working folder with what `certify` reads: 4 fouls of one match, all of them dives and red cards.

    The index has another, of which no clip could be read.
    """
    store_of(film_split(folder / "raw", VIEWS), VIEWS, folder / "data/clips/test")
    write_json(folder / "data/index/heads.json", {head.name: list(head.classes) for head in HEADS})
    write_csv(Path("data/index/test.csv"), ["sample", "action", "severity", "offence"], INDEX)
    write_json(Path("reports/classes.json"), {"train": {head.name: dict.fromkeys(head.classes, 1) for head in HEADS}})
    for name in ("reports/config.yaml",):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    return trained(folder / "data/clips/test", folder / WEIGHTS)


def certified(monkeypatch, model, **data):
    """The certificate, with params that ask for this model, and these of the section data."""
    params = {**read_params(ROOT / "params.yaml"), "model": asdict(model)}
    params["training"]["threads"] = 1
    params["data"] |= data
    Path("params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.setattr(
        sys, "argv", ["certify.py", "tailwise.recipes.fouls", str(WEIGHTS), "data/clips/test", "c.json"]
    )
    runpy.run_path(str(ROOT / "stages/certify.py"), run_name="__main__")
    return read_json(Path("c.json"))


def test_a_certificate_has_the_figures_of_the_split_and_their_limits(task, monkeypatch):
    made = certified(monkeypatch, CONFIG.model)
    recalls = {name: metrics.recall(of_head.matrix) for name, of_head in evaluate(task, make_run()).predictions.items()}
    balanced = 100 * np.mean([metrics.macro(r) for r in recalls.values()])
    assert made["figures"]["balanced_accuracy"] == pytest.approx(balanced)
    verdicts = {row["figure"]: row["verdict"] for row in made["targets"] if row["head"] == "action"}
    assert len(verdicts) == 3 + len(HEADS[0].classes) and set(verdicts.values()) - {"undecided"} <= {verdicts["loss"]}
    assert "Only 1 group: too few for meaningful intervals." in made["limits"]
    assert "action: 4 fouls of Dive: too few to measure its recall." in made["limits"]
    assert made["bootstrap"]["groups"] == 1 and list(made["hashes"]) == ["data", "params", "code", "weights"]
    assert not any("simpler" in limit for limit in made["limits"])


def test_it_reports_that_the_fallback_model_took_over(task, monkeypatch):
    model = replace(CONFIG.model, variant=Dual(0.0, "dual"))
    tensors, spec = read_tensors(WEIGHTS)
    write_weights(WEIGHTS, tensors, spec, {**spec, "model": as_plain(model)})
    reported = "Training fell back to a simpler model than params.yaml asks for: "
    assert f"{reported}model.variant.kind is simplified, not dual." in certified(monkeypatch, model)["limits"]


def test_the_evaluator_of_soccernet_scores_its_own_data_alone(task, monkeypatch):
    official = certified(monkeypatch, CONFIG.model)["official"]
    assert official["fouls"] == 5 and official["score"] is None
    assert official["differences"][0].startswith("5 of 5 fouls: dives with a yellow or red card")
    assert official["differences"][1].startswith("1 of 5 fouls: no clip could be read")
    table = {"kind": "table", "file": "labels.csv", "heads": ["action", "severity"], "split": None}
    assert "official" not in certified(monkeypatch, CONFIG.model, reader=table)


def test_the_certificate_is_of_the_index_too(task, monkeypatch):
    before = certified(monkeypatch, CONFIG.model)["hashes"]
    write_csv(Path("data/index/test.csv"), ["sample", "action", "severity", "offence"], INDEX[:4])
    after = certified(monkeypatch, CONFIG.model)["hashes"]
    assert {name for name in before if before[name] != after[name]} == {"data"}
