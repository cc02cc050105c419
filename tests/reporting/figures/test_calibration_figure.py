"""The figure of calibration."""

import json
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.heads import Head
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.predictions import Predictions
from tailwise.reporting.figures import draw
from tailwise.reporting.figures.calibration import calibration
from tailwise.reporting.figures.style import save, style

LIKELY = np.array([[0.97, 0.03], [0.93, 0.07], [0.3, 0.7], [0.4, 0.6]])
FOUND = Predictions(Head("h", ("a", "b")), [""] * 4, [""] * 4, np.array([0, 1, 1, 1]), LIKELY.argmax(axis=1), LIKELY)


def made(method):
    return compare_methods(FOUND, fit_all(FOUND, [2.0]), Calibration(method, bins=10))


def test_it_shows_both_curves_both_histograms_and_the_marks():
    of = made("temperature")
    left, right = calibration(of, "$h$").axes
    _, before, after = left.lines
    assert before.get_xdata().tolist() == pytest.approx([0.6, 0.7, 0.95])
    assert before.get_ydata().tolist() == pytest.approx([1, 1, 0.5])
    assert after.get_label() == f"temperature, ECE {of['temperature']['ece']:.3f}"
    assert [line.get_xdata()[0] for line in right.lines] == [0.9, 0.95]
    assert [patch.get_data().values.sum() for patch in right.patches] == pytest.approx([1, 1])
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels[0] == "before: 50.0% > 0.90, 25.0% > 0.95" and labels[1].startswith("temperature: ")


def test_without_calibration_there_is_one_curve():
    left, right = calibration(made("none"), "h").axes
    assert len(left.lines) == 2 and len(right.patches) == 1


def test_the_same_file_gives_the_same_bytes(tmp_path):
    for out in ("one", "two"):
        with style():
            save(calibration(made("platt"), "h"), tmp_path / out, "calibration_h")
    one, two = (
        {p.relative_to(tmp_path / out): p.read_bytes() for p in (tmp_path / out).rglob("*.*")} for out in ("one", "two")
    )
    assert one == two and {path.suffix for path in one} == {".png", ".svg", ".pdf"}


def test_it_is_drawn_where_the_stage_has_written_its_file(folder, monkeypatch):
    """The other figures, which test_figures.py has, are left out."""
    reports = Path("reports")
    reports.mkdir()
    for name, value in (("classes", {"train": {}}), ("intervals", {})):
        (reports / f"{name}.json").write_text(json.dumps(value))
    monkeypatch.setattr(draw, "_over_phases", lambda *_: None)
    monkeypatch.setattr(draw, "learning_curves", lambda *_: None)
    assert [name for name, _ in draw.figures(reports, [])] == ["learning_curves"]
    (reports / "calibration.json").write_text(json.dumps({"h": made("platt"), "i": made("none")}))
    assert [name for name, _ in draw.figures(reports, [])][1:] == ["calibration_h", "calibration_i"]
