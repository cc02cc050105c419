"""Files of fitted calibrators, and the params section."""

import json
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.config import section
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import (
    Platt,
    Temperature,
    calibrate,
    check_classes,
    read_calibration,
    write_calibration,
)
from tailwise.evaluation.calibration.options import METHODS, Calibration
from tailwise.metrics.predictions import Predictions

ABC = ("a", "b", "c")


def overconfident():
    """Probabilities of random logits times 3, with labels that half of them get right."""
    rng = np.random.default_rng(0)
    likely = np.exp(3 * rng.normal(size=(400, 3)))
    likely /= likely.sum(axis=1, keepdims=True)
    targets = np.where(rng.random(400) < 0.5, likely.argmax(axis=1), rng.integers(0, 3, 400))
    return Predictions(Head("h", ABC), [""] * 400, [""] * 400, targets, likely.argmax(axis=1), likely)


@pytest.mark.parametrize("method", METHODS)
def test_the_file_gives_the_same_probabilities_and_bytes(tmp_path, method):
    found = overconfident()
    likely, fitted = found.known_probabilities, fit_all(found)[method]
    file = tmp_path / "calibration.json"
    write_calibration(file, {"h": fitted})
    read = read_calibration(file)
    assert read == {"h": fitted} and (calibrate(likely, read["h"]) == calibrate(likely, fitted)).all()
    before = file.read_bytes()
    write_calibration(file, {"h": fit_all(found)[method]})
    assert file.read_bytes() == before and list(json.loads(before)["h"])[:2] == ["kind", "classes"]


GOOD = {"kind": "temperature", "classes": ["a", "b"], "temperature": 2}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ([], "expected a calibrator for each head, found list"),
        ({"h": 1}, "h.kind must be one of none, temperature, vector, platt, isotonic, found None"),
        ({"h": {**GOOD, "temperature": 0}}, "h: temperature must be positive, found 0"),
        ({"h": {**GOOD, "warmth": 1}}, "h.warmth is unknown"),
        (
            {"h": {"kind": "platt", "classes": ["a", "b"], "slopes": [1], "intercepts": [0, 0]}},
            "h: slopes has 1 values for 2 classes",
        ),
        (
            {"h": {"kind": "isotonic", "classes": ["a"], "log_odds": [[1, 0]], "probabilities": [[0, 1]]}},
            "h: each class needs breakpoints with rising log_odds",
        ),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_key(tmp_path, content, line):
    file = tmp_path / "c.json"
    file.write_text(json.dumps(content))
    with pytest.raises(UserError) as error:
        read_calibration(file)
    assert line in str(error.value) and str(error.value).startswith(f"{file}: ")


def test_untrusted_files_are_refused_in_a_line(tmp_path):
    file = tmp_path / "c.json"
    for text, line in (
        ("[" * 100_000, "nested too deeply"),
        ('{"h": {"kind": "temperature", "classes": ["a"], "temperature": 1e999}}', "h.temperature must be a finite"),
        ('{"h": {"kind": "isotonic", "classes": ["a"], "log_odds": [[0]], "probabilities": [[2]]}}', "in [0, 1]"),
    ):
        file.write_text(text)
        with pytest.raises(UserError) as error:
            read_calibration(file)
        assert line in str(error.value)
    with open(file, "wb") as large:
        large.truncate(2**25 + 1)
    with pytest.raises(UserError, match="a calibration has at most 33554432"):
        read_calibration(file)
    with pytest.raises(UserError, match="is a folder, not a file"):
        read_calibration(tmp_path)


@pytest.mark.filterwarnings("error")
def test_enormous_numbers_of_a_file_give_distributions():
    likely = np.array([[0.6, 0.4, 0.0], [1.0, 0.0, 0.0], [0.2, 0.2, 0.6]])
    for one in (
        Platt("platt", ABC, (1e308, -1e308, 0.0), (-1e308, 1e308, 0.0)),
        Temperature("temperature", ABC, 5e-324),
    ):
        result = calibrate(likely, one)
        assert result.sum(axis=1) == pytest.approx(1) and (result >= 0).all()


def test_a_file_of_other_heads_or_classes_is_refused():
    by_head = {"h": Platt("platt", ("a", "b"), (1.0, 1.0), (0.0, 0.0))}
    check_classes(Path("c.json"), by_head, [Head("h", ("a", "b"))])
    with pytest.raises(
        UserError, match=r"^c.json: calibrates h of the classes a, b; the model has b, a; run the stage"
    ):
        check_classes(Path("c.json"), by_head, [Head("h", ("b", "a"))])
    with pytest.raises(UserError, match=r"^c.json: has no calibrator for tag, only for h; run the stage calibrate"):
        check_classes(Path("c.json"), by_head, [Head("tag", ("a", "b"))])
    with pytest.raises(ValueError, match="shape"):
        calibrate(np.ones((1, 3)), by_head["h"])


def test_the_params_are_checked():
    read = section({"calibration": {"method": "platt", "grid": [1, 2.5]}}, "calibration", Calibration)
    assert read == Calibration("platt", (1.0, 2.5), 15)
    for wrong, line in (
        (
            {"method": "beta"},
            "calibration.method must be one of none, temperature, vector, platt, isotonic, found 'beta'",
        ),
        ({"method": "none", "grid": []}, "calibration: grid must be a list of positive temperatures"),
        ({"method": "none", "grid": [0]}, "calibration: grid must be a list of positive temperatures"),
        ({"method": "none", "bins": 0}, "calibration: bins must be at least 1, found 0"),
    ):
        with pytest.raises(UserError, match=line):
            section({"calibration": wrong}, "calibration", Calibration)
