"""The stage `intervals` on a few fouls."""

import runpy
import sys
from pathlib import Path

import pytest
import yaml

from support.fouls import foul, write_split
from tailwise.core.files import read_json, write_csv, write_json
from tailwise.core.params.config import read_params
from tailwise.recipes.fouls.soccernet.reader import HEADS, read_split

ROOT = Path(__file__).parents[2]
TABLE = {"kind": "table", "file": "labels.csv", "heads": list(HEADS), "split": None}
LABELS = {"0": foul("Dive", severity="5.0"), "1": foul("Holding", "No Offence"), "2": foul(severity="3.0"), "5": foul()}
SEEN = ("0", "1", "2")
"""The fouls with a usable clip; the model was right on all of them."""


@pytest.fixture
def evaluated(folder):
    """What the stage reads, of data from SoccerNet's reader."""
    rows = read_split(write_split(folder / "raw", LABELS, "Valid"), "valid")[0]
    write_csv(Path("data/index/valid.csv"), rows[0], (row.values() for row in rows))
    write_json(Path("data/index/heads.json"), HEADS)
    write_json(Path("reports/classes.json"), {"train": {head: dict.fromkeys(of, 1) for head, of in HEADS.items()}})
    for head in HEADS:
        labels = {row["sample"]: row[head] for row in rows if row["sample"].split("/")[1] in SEEN}
        answers = [[sample, "match", label, label] for sample, label in labels.items()]
        write_csv(Path(f"reports/evaluation/{head}.csv"), ["sample", "group", "actual", "predicted"], answers)
    write_json(Path("reports/metrics.json"), {head: {"loss": 0.5 + 5 * i} for i, head in enumerate(HEADS)})
    return folder


def run_stage(monkeypatch, *more, **data) -> tuple[dict, dict]:
    """The intervals and the prediction file, with these params of the section data."""
    params = read_params(ROOT / "params.yaml")
    params["data"] |= data
    Path("params.yaml").write_text(yaml.safe_dump(params))
    arguments = ["intervals.py", "tailwise.recipes.fouls", "reports/evaluation", "data/index/valid.csv", *more]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(ROOT / "stages/intervals.py"), run_name="__main__")
    return read_json(Path("reports/intervals.json")), read_json(Path("reports/predictions.json"))


def test_fouls_of_soccernet_are_all_in_the_file_and_scored_by_its_evaluator_too(evaluated, monkeypatch, capsys):
    intervals, file = run_stage(monkeypatch)
    assert intervals["heads"]["action"]["macro_recall"]["value"] == 1
    assert list(file["Actions"]) == list(LABELS)
    assert file["Actions"]["5"] == {"Action class": "Tackling", "Offence": "No offence", "Severity": ""}
    official = intervals["official"]
    assert (official["fouls"], official["score"], official["severity"]) == (4, None, 25.0)
    printed = capsys.readouterr().out.splitlines()
    assert "SoccerNet's evaluator of reports/predictions.json: no number" in printed
    assert '1 of 4 fouls: annotated "No Offence", never equal to a predicted "No offence"' in printed
    assert set(official["differences"]) < set(printed) and set(intervals["limits"]) < set(printed)


def test_a_table_with_the_same_columns_and_classes_has_no_official_figure(evaluated, monkeypatch, capsys):
    intervals, file = run_stage(monkeypatch, reader=TABLE)
    assert "official" not in intervals and "SoccerNet" not in capsys.readouterr().out
    assert file["Actions"]["valid/0"] == {"action": "Dive", "severity": "Red card"} and len(file["Actions"]) == 3


def test_the_figures_of_the_calibration_in_use_are_beside_the_others(evaluated, monkeypatch):
    compared = {"method": "platt", "none": {"ece": 0.5}, "platt": {"ece": 0.25}}
    write_json(Path("c.json"), dict.fromkeys(HEADS, compared))
    intervals, _ = run_stage(monkeypatch, "--calibration", "c.json")
    assert intervals["calibration"] == dict.fromkeys(HEADS, {"ece": 0.25})
    assert "calibration" not in run_stage(monkeypatch)[0]


def test_few_samples_and_groups_are_reported(evaluated, monkeypatch):
    intervals, _ = run_stage(monkeypatch)
    assert intervals["few"] == 20
    assert intervals["limits"][0] == "Only 1 group: too few for meaningful intervals."
    assert "action: 1 foul of Dive: too few to measure its recall." in intervals["limits"]


def test_the_targets_are_judged_on_validation_by_the_rule_of_the_certificate(evaluated, monkeypatch):
    """3 fouls of 1 match decide nothing; the losses, 0.5 and 5.5 of at most 5, have no interval."""
    rows = run_stage(monkeypatch)[0]["targets"]
    assert [row["figure"] for row in rows[:2]] == ["macro_recall", "macro_f1"]
    assert {row["verdict"] for row in rows if row["figure"] != "loss"} == {"undecided"}
    losses = [(row["head"], row["value"], row["target"], row["verdict"]) for row in rows if row["figure"] == "loss"]
    assert losses == [("action", 0.5, 5.0, "pass"), ("severity", 5.5, 5.0, "fail")]


def test_targets_by_name_and_figures_at_a_glance_are_kept(evaluated, monkeypatch, capsys):
    params = read_params(ROOT / "params.yaml")
    wanted = params["certificate"] | {"above": {"severity.loss": 5.0}, "below": {"action.loss": 0.1}}
    monkeypatch.setattr("tailwise.core.params.config.read_params", lambda *path: params | {"certificate": wanted})
    write_json(Path("reports/evaluation/headline.json"), ["action.loss"])
    write_json(Path("reports/evaluation/labels.json"), {"action.loss": {"family": "loss", "member": "of actions"}})
    arguments = ["intervals.py", "tailwise.recipes.fouls", "reports/evaluation", "data/index/valid.csv"]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(ROOT / "stages/intervals.py"), run_name="__main__")
    intervals = read_json(Path("reports/intervals.json"))
    assert intervals["labels"] == {"action.loss": {"family": "loss", "member": "of actions"}}
    assert intervals["headline"] == ["action.loss"] and "above" not in intervals["target"]
    named = [row for row in intervals["targets"] if "bound" in row]
    assert [(row["head"], row["figure"], row["bound"], row["verdict"]) for row in named] == [
        ("severity", "loss", "above", "pass"),
        ("action", "loss", "below", "fail"),
    ]
    assert "without an interval: severity loss; loss, of actions." in capsys.readouterr().out


def test_without_them_nothing_is_added(evaluated, monkeypatch):
    intervals, _ = run_stage(monkeypatch)
    assert "headline" not in intervals and not [row for row in intervals["targets"] if "bound" in row]
