"""Calibration by cross-fitting: what a group is calibrated by knows nothing of its labels."""

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.crossfit import can_cross_fit, cross_fitted, folds
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import calibrated, read_calibration
from tailwise.evaluation.calibration.measures import measure_calibration
from tailwise.evaluation.calibration.options import METHODS, Calibration
from tailwise.metrics.predictions import Predictions, write_predictions

ROOT = Path(__file__).parents[3]
OPTIONS = Calibration("temperature")
FILES = ["reports/evaluation", "data/calibration.json", "reports/calibration.json"]


def answers(count: int = 300, groups: int = 60, seed: int = 0) -> Predictions:
    """Twice as sure as is right."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(count, 3)) * 1.5
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = np.array([draw.choice(3, p=row) for row in likely])
    sure = likely**2 / (likely**2).sum(axis=1, keepdims=True)
    names, group = [f"s{i}" for i in range(count)], [f"g{i}" for i in draw.integers(groups, size=count)]
    return Predictions(Head("h", ("a", "b", "c")), names, group, targets, sure.argmax(axis=1), sure)


def by_name(found: Predictions) -> dict[str, np.ndarray]:
    return dict(zip(found.samples, found.known_probabilities))


def test_folds_hold_each_row_once_and_whole_groups():
    found = answers()
    masks = list(folds(found))
    assert len(masks) == 5 and (np.sum(masks, axis=0) == 1).all()
    groups = np.array(found.groups)
    assert all(not set(groups[mask]) & set(groups[~mask]) for mask in masks)


def test_each_row_is_calibrated_by_what_was_fitted_to_the_other_folds():
    found = answers()
    made = cross_fitted(found, OPTIONS)
    assert list(made) == list(METHODS)
    mask = next(iter(folds(found)))
    expected = by_name(calibrated(found.take(mask), fit_all(found.take(~mask))["vector"]))
    vector = by_name(made["vector"])
    assert all((vector[name] == expected[name]).all() for name in expected) and len(vector) == len(found)


@pytest.mark.parametrize("method", METHODS)
def test_the_labels_of_a_fold_change_nothing_in_its_own_probabilities(method):
    found = answers(seed=1)
    mask = next(iter(folds(found)))
    before = by_name(cross_fitted(found, OPTIONS)[method])
    targets, groups = found.targets.copy(), np.array(found.groups)
    for name in set(groups[mask]):  # each group keeps its number of labels of each class, so that the folds stay
        targets[groups == name] = targets[groups == name][::-1]
    assert (targets != found.targets).any()
    after = by_name(cross_fitted(replace(found, targets=targets), OPTIONS)[method])
    assert all((after[found.samples[i]] == before[found.samples[i]]).all() for i in np.flatnonzero(mask))


def test_an_overconfident_model_is_calibrated_and_unlabelled_rows_are_left_out():
    found = answers(2000, 400)
    made = cross_fitted(replace(found, targets=np.where(np.arange(2000) < 100, -1, found.targets)), OPTIONS)
    ece = {method: measure_calibration(table, 15)["ece"] for method, table in made.items()}
    assert ece["temperature"] < 0.5 * ece["none"] and ece["vector"] < 0.5 * ece["none"]
    assert len(made["none"]) == 1900


def test_few_groups_make_few_folds():
    assert len(list(folds(answers(30, 3)))) == 3
    assert can_cross_fit(answers(30, 2)) and not can_cross_fit(answers(30, 1))


@pytest.mark.parametrize(("labelled", "groups"), [(30, 1), (0, 0)])
def test_a_head_with_labels_of_one_group_or_none_is_not_calibrated(folder, monkeypatch, capsys, labelled, groups):
    found = answers(30, 1)
    write_answers(replace(found, targets=np.where(np.arange(30) < labelled, found.targets, -1)), "temperature")
    run_stage(monkeypatch)
    assert capsys.readouterr().out == f"h: not calibrated: that takes labels of at least 2 groups, found {groups}\n"
    assert read_calibration(Path(FILES[1]))["h"].kind == "none"
    figures = read_json(Path(FILES[2]))
    assert not labelled or (figures["h"]["method"] == "none" and set(METHODS) & set(figures["h"]) == {"none"})
    assert labelled or figures == {}


def test_the_stage_fits_to_all_and_measures_cross_fitted(folder, monkeypatch, capsys):
    found = answers()
    write_answers(found, "vector")
    run_stage(monkeypatch)
    fitted, figures = read_calibration(Path(FILES[1]))["h"], read_json(Path(FILES[2]))["h"]
    assert fitted.kind == "vector" and figures["method"] == "vector"
    expected = measure_calibration(cross_fitted(found, OPTIONS)["vector"], 15)
    assert {name: figures["vector"][name] for name in expected} == pytest.approx(expected, abs=2e-3)
    assert capsys.readouterr().out.startswith("h: vector calibration, ECE ")
    text = Path(FILES[2]).read_text()
    run_stage(monkeypatch)
    assert Path(FILES[2]).read_text() == text and json.loads(text)


def write_answers(found: Predictions, method: str) -> None:
    """What the stage reads, in the working folder."""
    write_json(Path("data/index/heads.json"), {"h": ["a", "b", "c"]})
    write_predictions(Path("reports/evaluation/h.csv"), found)
    Path("params.yaml").write_text(yaml.safe_dump({"calibration": {"method": method}}))


def run_stage(monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["cross_calibrate.py", *FILES])
    runpy.run_path(str(ROOT / "stages/cross_calibrate.py"), run_name="__main__")
