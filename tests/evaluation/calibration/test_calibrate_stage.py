"""The stage `calibrate`, and a certificate with the calibration that it wrote, on a few fouls."""

import runpy
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import yaml

from support.helpers import make_run
from support.training.trained import CONFIG, HEADS, film_split, store_of, trained
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_csv, write_json
from tailwise.core.params.config import read_params
from tailwise.engine.evaluate.adjusted import evaluate_adjusted
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.evaluation.adjustment import log_prior
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import calibrated, read_calibration
from tailwise.evaluation.calibration.measures import measure_calibration
from tailwise.evaluation.calibration.options import METHODS
from tailwise.metrics.predictions import read_predictions, write_predictions

ROOT = Path(__file__).parents[3]
VIEWS = {str(number): 1 + number % 2 for number in range(4)}
COUNTS = {head.name: {name: 1 + i for i, name in enumerate(head.classes)} for head in HEADS}


@pytest.fixture
def task(folder):
    """A working folder with a split for all purposes, and a model's answers on it in reports/evaluation."""
    store_of(film_split(folder / "raw", VIEWS), VIEWS, folder / "data/clips/test")
    write_json(folder / "data/index/heads.json", {head.name: list(head.classes) for head in HEADS})
    rows = [[f"valid/{number}", "Dive", "Red card", "Offence"] for number in VIEWS]
    write_csv(Path("data/index/test.csv"), ["sample", "action", "severity", "offence"], rows)
    write_json(Path("reports/classes.json"), {"train": COUNTS})
    Path("reports/config.yaml").write_text("")
    made = trained(folder / "data/clips/test", folder / "w.safetensors")
    keep(evaluate(made, make_run()).predictions)
    return made


def keep(predictions) -> None:
    for name, found in predictions.items():
        write_predictions(Path(f"reports/evaluation/{name}.csv"), found)


def run_stage(monkeypatch, name, *arguments, **calibration):
    params = {**read_params(ROOT / "params.yaml"), "model": asdict(CONFIG.model), "calibration": calibration}
    params["training"]["threads"] = 1
    Path("params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "tailwise.recipes.fouls", "w.safetensors", *arguments])
    runpy.run_path(str(ROOT / f"stages/{name}.py"), run_name="__main__")


def calibrate(monkeypatch, *more, **calibration):
    files = ["data/clips/test", "reports/evaluation", "data/calibration.json", "reports/calibration.json"]
    run_stage(monkeypatch, "calibrate", *files, *more, **calibration)
    return read_calibration(Path("data/calibration.json")), read_json(Path("reports/calibration.json"))


def test_the_chosen_method_is_fitted_and_all_are_compared(task, monkeypatch, capsys):
    fitted, made = calibrate(monkeypatch, "--answers", "reports/calibrated", method="platt", bins=5)
    assert capsys.readouterr().out.startswith("action: platt calibration, ECE ")
    for head in HEADS:
        found = evaluate(task, make_run()).predictions[head.name]
        assert fitted[head.name] == fit_all(found)["platt"]
        table = read_predictions(Path(f"reports/evaluation/{head.name}.csv"), head)
        expected = measure_calibration(calibrated(table, fitted[head.name]), 5)
        assert made[head.name]["platt"] == pytest.approx(expected, abs=1e-6)
        assert made[head.name]["method"] == "platt" and set(METHODS) < set(made[head.name])
        kept = read_predictions(Path(f"reports/calibrated/{head.name}.csv"), head)
        assert np.allclose(kept.known_probabilities, calibrated(table, fitted[head.name]).probabilities, atol=1e-6)


def test_the_grid_is_heeded_and_the_files_are_the_same_each_time(task, monkeypatch):
    fitted, made = calibrate(monkeypatch, method="temperature", grid=[3.5])
    assert {one.temperature for one in fitted.values()} == {3.5}
    assert made["action"]["fitted_temperature"] == 3.5
    before = [Path(name).read_bytes() for name in ("data/calibration.json", "reports/calibration.json")]
    calibrate(monkeypatch, method="temperature", grid=[3.5])
    assert before == [Path(name).read_bytes() for name in ("data/calibration.json", "reports/calibration.json")]


def test_logits_adjusted_on_validation_are_adjusted_for_the_fit(task, monkeypatch):
    priors = {name: log_prior(counts).tolist() for name, counts in COUNTS.items()}
    adjusted = evaluate_adjusted(task, make_run(), {"action": 1.5}, priors).predictions
    keep(adjusted)
    fitted, _ = calibrate(monkeypatch, method="temperature")
    assert fitted["action"] == fit_all(adjusted["action"])["temperature"]
    assert fitted["action"] != fit_all(evaluate(task, make_run()).predictions["action"])["temperature"]


def test_a_certificate_has_the_figures_of_the_calibrated_probabilities(task, monkeypatch):
    fitted, _ = calibrate(monkeypatch, method="temperature", grid=[3.5])
    split = ["data/clips/test", "c.json"]
    run_stage(monkeypatch, "certify", *split, "--calibration", "data/calibration.json", method="temperature", bins=5)
    made = read_json(Path("c.json"))["figures"]["calibration"]
    for name, found in evaluate(task, make_run()).predictions.items():
        expected = measure_calibration(calibrated(found, fitted[name]), 5)
        assert made[name] == pytest.approx(expected, abs=1e-5)
    run_stage(monkeypatch, "certify", *split)
    assert "calibration" not in read_json(Path("c.json"))["figures"]


def test_a_certificate_refuses_the_calibration_of_other_classes(task, monkeypatch):
    write_json(Path("other.json"), {"action": {"kind": "none", "classes": ["a", "b"]}})
    arguments = ["data/clips/test", "c.json", "--calibration", "other.json"]
    with pytest.raises(UserError, match="^other.json: calibrates action of the classes a, b; the model has Tackling"):
        run_stage(monkeypatch, "certify", *arguments, method="none")
