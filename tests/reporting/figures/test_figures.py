"""Figures show their input data, with reproducible bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tailwise.core.errors import UserError
from tailwise.metrics.calibration.bins import bin_sums, calibration_error
from tailwise.reporting.figures.classes import class_frequencies
from tailwise.reporting.figures.confusion import confusion
from tailwise.reporting.figures.curves import class_curves, learning_curves
from tailwise.reporting.figures.draw import draw_figures
from tailwise.reporting.figures.recall import recall_intervals
from tailwise.reporting.figures.reliability import reliability

SOURCES = Path(__file__).parents[3] / "src"
CLASSES = ["often", "rare $a$ & <b>", "never"]
DRAW = (
    "import sys; from pathlib import Path; from tailwise.reporting.figures.draw import draw_figures;"
    "draw_figures(Path('reports'), ['phase1', 'phase2'], Path(sys.argv[1]))"
)


@pytest.fixture
def reports(folder):
    """What two phases and the stages after them leave, of one head with a class that validation lacks."""
    made = folder / "reports"
    interval = {"value": 0.5, "low": 0.2, "high": 0.8}
    nothing = dict.fromkeys(interval)
    for phase in ("phase1", "phase2"):
        (made / "training" / phase).mkdir(parents=True)
        rows = {"epoch": [1, 2], "train_loss": [1.5, 1.0], "gradient_norm": [2.0, 1.0]}
        of_head = {f"kind_{name}": [0.4, 0.5] for name in ("loss", "macro_recall", "macro_f1")}
        pd.DataFrame({**rows, **of_head}).to_csv(made / "training" / phase / "epochs.csv", index=False)
        table = [[epoch, "kind", name, "" if name == "never" else 0.5] for epoch in (1, 2) for name in CLASSES]
        columns = ["epoch", "head", "class", "recall"]
        pd.DataFrame(table, columns=columns).to_csv(made / "training" / phase / "classes.csv", index=False)
    counts = {"train": {"kind": dict(zip(CLASSES, (90, 3, 1)))}, "valid": {"kind": dict(zip(CLASSES, (20, 4, 0)))}}
    (made / "classes.json").write_text(json.dumps(counts))
    support = {name: {"support": counts["valid"]["kind"][name], "recall": interval} for name in CLASSES}
    support["never"]["recall"] = nothing
    target = {"class_recall": 0.25}
    intervals = {"target": target, "few": 20, "heads": {"kind": {"classes": support}}}
    (made / "intervals.json").write_text(json.dumps(intervals))
    (made / "evaluation").mkdir()
    answers = [["s0", "g", CLASSES[0], CLASSES[0], 0.9, 0.1, 0.0], ["s1", "g", CLASSES[1], CLASSES[0], 0.6, 0.3, 0.1]]
    header = ["sample", "group", "actual", "predicted", *CLASSES]
    pd.DataFrame(answers, columns=header).to_csv(made / "evaluation" / "kind.csv", index=False)
    return made


def test_every_figure_is_written_in_every_format_and_names_are_shown_as_they_are(reports):
    paths = draw_figures(reports, ["phase1", "phase2"], Path("figures"))
    kinds = {path.suffix for path in paths}
    names = {path.stem for path in paths if path.suffix == ".png"}
    assert kinds == {".png", ".svg", ".pdf"} and all(path.stat().st_size > 1000 for path in paths)
    assert names == {
        "learning_curves",
        *(f"{what}_kind" for what in ["class_frequencies", "class_curves", "confusion", "recall", "reliability"]),
    }


@pytest.mark.slow
def test_another_process_with_other_hashes_and_settings_writes_the_same_bytes(reports):
    Path("matplotlibrc").write_text("font.size: 20\nsvg.hashsalt: other\n")
    for seed, out in (("1", "one"), ("2", "two")):
        env = {**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": seed * 9}
        subprocess.run([sys.executable, "-c", DRAW, out], env=env, check=True)
    one, two = ({p.relative_to(out): p.read_bytes() for p in Path(out).rglob("*.*")} for out in ("one", "two"))
    assert len(one) == 18 and one == two


def test_a_file_that_is_absent_is_named(reports):
    (reports / "training" / "phase2" / "epochs.csv").unlink()
    with pytest.raises(UserError, match="phase2/epochs.csv: No such file"):
        draw_figures(reports, ["phase1", "phase2"], Path("figures"))


def test_bars_are_as_long_as_the_counts():
    counts = pd.DataFrame({"train": [3, 90], "valid": [4, 20]}, index=["rare", "often"])
    axes = class_frequencies(counts, "kind").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [90, 3, 20, 4]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["often", "rare"]
    assert "30.0 to 1" in axes.get_title() or "30.0 : 1" in axes.get_title()


def test_cells_hold_the_counts():
    answers = pd.DataFrame({"actual": ["a", "a", "b"], "predicted": ["a", "b", "b"]})
    axes = confusion(answers, ["a", "b", "c"], "kind").axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "1", (1, 0): "1", (1, 1): "1"}
    assert axes.images[0].get_array().tolist() == [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 0]]


def test_a_recall_of_few_samples_is_hollow_and_an_undefined_one_is_left_out():
    rows = pd.DataFrame(
        {"train": [9, 5, 1], "support": [30, 4, 0], "value": [0.5, 0.25, np.nan], "low": [0.4, 0, np.nan]},
        index=["a", "b", "c"],
    ).assign(high=[0.6, 0.5, np.nan])
    axes = recall_intervals(rows, "kind", few=20, target=0.3).axes[0]
    points = {line.get_xdata()[0]: line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"}
    assert points == {0.5: "black", 0.25: "white"}


def test_curves_follow_the_epochs_of_all_phases():
    epochs = pd.DataFrame({"phase": ["p", "p", "q"], "train_loss": [3.0, 2.0, 1.0], "gradient_norm": 1.0})
    for name in ("loss", "macro_recall", "macro_f1"):
        epochs[f"kind_{name}"] = [0.1, 0.2, 0.3]
    lines = learning_curves(epochs, ["kind"]).axes[2].lines
    assert lines[0].get_ydata().tolist() == [0.1, 0.2, 0.3]
    table = pd.DataFrame({"phase": ["p", "q"] * 30, "epoch": 1, "class": np.repeat(np.arange(30).astype(str), 2)})
    figure = class_curves(table.assign(recall=0.5), "kind", [str(i) for i in range(30)])
    assert "24 rarest of 30" in figure.get_suptitle()
    assert sum(axes.get_visible() for axes in figure.axes) == 24


def test_calibration_error_by_hand():
    right, confidence = np.array([True, False, True, True]), np.array([0.95, 0.95, 0.55, 0.55])
    assert calibration_error(bin_sums(confidence, right, 10)) == pytest.approx((0.45 + 0.45) / 2)
    answers = pd.DataFrame({"actual": list("aaaa"), "predicted": list("abaa"), "confidence": confidence})
    assert "ECE 0.450" in reliability(answers, "kind").axes[0].get_title()
