"""The stage that certifies a model, on a few fouls."""

import hashlib
import runpy
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from support.helpers import make_run
from support.training.trained import CONFIG, HEADS, film_split, store_of, trained
from tailwise.core.errors import UserError
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


def certified(monkeypatch, model, weights=WEIGHTS, options=(), adjust=None, **data):
    """The certificate of weights, with params that ask for this model, and these of the section data."""
    params = {**read_params(ROOT / "params.yaml"), "model": asdict(model), "evaluation": {"adjust": adjust}}
    params["training"]["threads"] = 1
    params["data"] |= data
    Path("params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.setattr(
        sys, "argv", ["certify.py", "tailwise.recipes.fouls", str(weights), "data/clips/test", "c.json", *options]
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


ENSEMBLE = Path("ensemble.json")


@pytest.fixture
def members(task):
    """The tasks of two members beside ensemble.json: that of `task`, weight 0.75, and one with other weights."""
    other = trained(Path("data/clips/test"), Path("other.safetensors"), seed=5)
    entries = []
    for name, weight in (("w", 0.75), ("other", 0.25)):
        file = Path(f"{name}.safetensors")
        pinned = {"path": file.name, "file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        entries.append({"name": name, "commit": None, "weight": weight, "weights": pinned})
    write_json(ENSEMBLE, {"version": 1, "members": entries})
    return task, other


def test_a_certificate_of_an_ensemble_is_of_the_averaged_probabilities(members, monkeypatch):
    first, second = (evaluate(member, make_run()).predictions for member in members)
    made = certified(monkeypatch, CONFIG.model, ENSEMBLE)
    for name, one in first.items():
        likely = 0.75 * one.known_probabilities + 0.25 * second[name].known_probabilities
        assert made["figures"][name]["loss"] == pytest.approx(-np.log(likely[range(4), one.targets]).mean(), abs=1e-6)
        assert made["figures"][name]["accuracy"] == pytest.approx((likely.argmax(1) == one.targets).mean())
    limit = "The figures are of the averaged probabilities of 2 models, with weights 0.75, 0.25; no "
    limits = [line for line in made["limits"] if line.startswith(limit)]
    assert len(limits) == 1 and limits[0] not in certified(monkeypatch, CONFIG.model)["limits"]


def test_a_certificate_of_an_ensemble_is_of_its_files(members, monkeypatch):
    before = certified(monkeypatch, CONFIG.model, ENSEMBLE)["hashes"]
    ENSEMBLE.write_text(ENSEMBLE.read_text() + " ")
    after = certified(monkeypatch, CONFIG.model, ENSEMBLE)["hashes"]
    assert {name for name in before if before[name] != after[name]} == {"weights"}
    Path("other.safetensors").write_bytes(WEIGHTS.read_bytes())
    with pytest.raises(UserError, match="other.safetensors: is not the file that ensemble.json names by its sha256"):
        certified(monkeypatch, CONFIG.model, ENSEMBLE)


@pytest.mark.parametrize("option", ["--calibration", "--validation"])
def test_what_was_fitted_to_one_model_is_refused_for_an_ensemble(members, monkeypatch, option):
    with pytest.raises(UserError, match="are of one model: leave them out for an ensemble"):
        certified(monkeypatch, CONFIG.model, ENSEMBLE, (option, "x.json"))


def test_adjusted_logits_are_refused_for_an_ensemble(members, monkeypatch):
    with pytest.raises(UserError, match="evaluation.adjust is of one model: set it to null for an ensemble"):
        certified(monkeypatch, CONFIG.model, ENSEMBLE, adjust={"tau": "auto"})
