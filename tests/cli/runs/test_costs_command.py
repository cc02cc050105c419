"""`tailwise costs`, and `tailwise predict --costs`."""

import csv
import io
from pathlib import Path

import pytest

from support.training.trained import HEADS, split_with_store, trained
from tailwise.cli.main import main
from tailwise.core.files import write_csv, write_json, write_text
from tailwise.evaluation.calibration.fitted import Temperature, write_calibration

CARD = {"card": ["none", "red"]}
FILE = Path("costs.yaml")


@pytest.fixture
def evaluated(folder):
    """Answers to six fouls: two red cards are missed with 0.3, one is given with 0.8."""
    write_json(Path("data/index/heads.json"), CARD)
    red = [0.3, 0.3, 0.8, 0.2, 0.1, 0.1]
    actual = ["red", "red", "red", "none", "none", "none"]
    rows = [
        [f"s{i}", f"match{i}", name, "red" if p > 0.5 else "none", 1 - p, p]
        for i, (name, p) in enumerate(zip(actual, red))
    ]
    write_csv(Path("reports/evaluation/card.csv"), ["sample", "group", "actual", "predicted", *CARD["card"]], rows)
    write_text(FILE, "card: {errors: {red: {none: 9}}}\n")
    return folder


def test_it_tells_what_is_saved_and_which_recalls_that_takes(evaluated, capsys):
    assert main(["costs", str(FILE)]) == 0
    said = capsys.readouterr().out
    assert "mean cost 3.0000 by the most probable classes, 0.1667 by the cheapest" in said
    assert "recall 0.33 -> 1.00" in said and "recall 1.00 -> 0.67" in said
    assert "--calibration FILE calibrates them" in said


def test_the_probabilities_are_calibrated_first(evaluated, capsys):
    """At a temperature of 0.1 a probability of 0.3 is one of 0.0002: nothing is worth a false alarm."""
    write_calibration(Path("calibration.json"), {"card": Temperature("temperature", ("none", "red"), 0.1)})
    assert main(["costs", str(FILE), "--calibration", "calibration.json"]) == 0
    said = capsys.readouterr().out
    assert "difference 0.0000" in said and "no difference is shown" in said and "--calibration" not in said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cards: {}", "costs.yaml: cards is no head; there are card"),
        ("card: {error: {}}", "costs.yaml: card.error is unknown; did you mean errors?"),
        ("card: {errors: {yellow: {none: 2}}}", "costs.yaml: card.errors: yellow is no class; there are none, red"),
        ("card: {default: -1}", "costs.yaml: card: a cost must be a number of at least 0, found -1"),
        ("card: {errors: {red: {none: many}}}", "costs.yaml: card.errors.red.none"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(evaluated, capsys, text, line):
    write_text(FILE, text)
    assert main(["costs", str(FILE)]) == 1
    (said,) = capsys.readouterr().err.splitlines()[-1:]
    assert said.startswith(f"tailwise: {line}")


def test_predict_answers_with_the_cheapest_class_and_keeps_the_probabilities(folder, tmp_path_factory, capsys):
    split = split_with_store(tmp_path_factory, {"0": 1, "3": 1}, folder).relative_to(folder)
    trained(folder / "store/valid", folder / "w.safetensors")
    head = HEADS[1]
    cheap = head.classes[-1]
    others = {
        name: {other: 0.0 if other == cheap else 5.0 for other in head.classes if other != name}
        for name in head.classes
    }
    write_text(FILE, str({head.name: {"errors": others}}))

    def rows(*more):
        assert main(["predict", str(split), "--weights", "w.safetensors", *more]) == 0
        return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    plain, decided = rows(), rows("--costs", str(FILE))
    assert {row[head.name] for row in decided} == {cheap}
    for before, after in zip(plain, decided, strict=True):
        assert {**after, head.name: before[head.name]} == before
