"""`tailwise predict --calibration`."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from support.training.trained import HEADS, split_with_store, trained
from tailwise.cli.main import main
from tailwise.evaluation.calibration.fitted import Isotonic, Temperature, Uncalibrated, calibrate, write_calibration

VIEWS = {"0": 2, "3": 1}
FILE = Path("calibration.json")


@pytest.fixture
def split(folder, tmp_path_factory):
    made = split_with_store(tmp_path_factory, VIEWS, folder)
    trained(folder / "store" / "valid", folder / "w.safetensors")
    return made.relative_to(folder)


def rows(capsys, split, *more):
    assert main(["predict", str(split), "--weights", "w.safetensors", *more]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def likely(row, head):
    return np.array([float(row[f"{head.name}: {name}"]) for name in head.classes])


def test_the_probabilities_are_calibrated_and_temperature_keeps_the_classes(split, capsys):
    action, severity = HEADS
    fitted = Temperature("temperature", action.classes, 4.0)
    write_calibration(FILE, {"action": fitted, "severity": Uncalibrated("none", severity.classes)})
    plain, warm = rows(capsys, split), rows(capsys, split, "--calibration", str(FILE))
    task = trained(Path("store/valid"), Path("again.safetensors"))
    for place, (before, after) in enumerate(zip(plain, warm, strict=True)):
        with torch.no_grad():
            logits = task.model(**task.valid.collate([task.valid[place]]).inputs)["action"]
        expected = calibrate(logits.softmax(dim=1).numpy(), fitted)[0]
        assert likely(after, action) == pytest.approx(expected, abs=2e-6)
        assert likely(after, action).max() < likely(before, action).max()
        assert (
            after["action"] == before["action"]
            and likely(after, severity).tolist() == likely(before, severity).tolist()
        )


def test_isotonic_may_change_the_class(split, capsys):
    action, severity = HEADS
    count = len(action.classes)
    last = Isotonic("isotonic", action.classes, ((0.0,),) * count, (*((0.0,),) * (count - 1), (1.0,)))
    write_calibration(FILE, {"action": last, "severity": Uncalibrated("none", severity.classes)})
    assert {row["action"] for row in rows(capsys, split, "--calibration", str(FILE))} == {action.classes[-1]}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "calibration.json: No such file or directory"),
        ("{", "calibration.json: not JSON: "),
        (
            '{"action": {"kind": "none", "classes": ["a", "b"]}}',
            "calibration.json: calibrates action of the classes a, b; the",
        ),
        (
            '{"tag": {"kind": "none", "classes": ["a", "b"]}}',
            "calibration.json: has no calibrator for action, only for tag",
        ),
    ],
)
def test_a_wrong_file_is_one_line(split, capsys, content, line):
    if content is not None:
        FILE.write_text(content)
    assert main(["predict", str(split), "--weights", "w.safetensors", "--calibration", str(FILE)]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith(f"tailwise: {line}") and printed.err.count("\n") == 1


def test_every_row_still_sums_to_one(split, capsys):
    write_calibration(FILE, {head.name: Temperature("temperature", head.classes, 0.5) for head in HEADS})
    assert json.loads(FILE.read_text())["action"]["temperature"] == 0.5
    for row in rows(capsys, split, "--calibration", str(FILE)):
        assert all(likely(row, head).sum() == pytest.approx(1, abs=1e-5) for head in HEADS)


def test_a_recipe_without_decoding_refuses_a_file_of_it(split, capsys):
    FILE.write_text("{}")
    assert main(["predict", str(split), "--weights", "w.safetensors", "--decoding", str(FILE)]) == 1
    error = capsys.readouterr().err
    assert error.strip() == "tailwise: calibration.json: recipe fouls has no decoding: leave the file out"
