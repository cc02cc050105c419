"""`tailwise crossvalidate` and `label-errors` in a real repository of git and DVC, on a pipeline that takes no time."""

import csv
import shutil
import sys
from pathlib import Path

import pytest

from support.compare.toy import Toy, make_toy
from support.once import once
from tailwise.cli.main import main

FILES = {
    "dvc.yaml": """\
stages:
  index:
    cmd: PYTHON index.py
    deps: [index.py]
    params: [resampling]
    outs: [data/index]
  evaluate:
    cmd: PYTHON evaluate.py
    deps: [evaluate.py, data/index]
    params: [training]
    outs: [reports/evaluation]
    metrics: [reports/metrics.json: {cache: false}]
""".replace("PYTHON", sys.executable),
    "params.yaml": "resampling: {folds: 0, fold: 0, seed: 1, train_share: 1.0}\ntraining: {seed: 1}\n",
    "index.py": """\
import pathlib, yaml

how = yaml.safe_load(open("params.yaml"))["resampling"]
names = [i for i in range(60) if not how["folds"] or i // 2 % how["folds"] == how["fold"]]
pathlib.Path("data/index").mkdir(parents=True)
pathlib.Path("data/index/valid.csv").write_text("\\n".join(map(str, names)))
""",
    "evaluate.py": """\
import json, pathlib

names = [int(line) for line in open("data/index/valid.csv")]
rows = []
for i in names:
    actual = "ab"[i % 2]
    likely = 0.8 if actual == "a" else 0.3
    if i == 8:
        likely = 0.1  # a wrong label: the model is sure of b
    rows.append(f"s{i},g{i // 2},{actual},{'ab'[likely < 0.5]},{likely},{1 - likely:.1f}")
answers = pathlib.Path("reports/evaluation")
answers.mkdir(parents=True)
(answers / "tag.csv").write_text("\\n".join(["sample,group,actual,predicted,a,b", *rows]) + "\\n")
figures = {"tag": {"macro_recall": 0.9, "recall": {"a": 0.8, "b": 1.0}}}
pathlib.Path("reports/metrics.json").write_text(json.dumps(figures))
""",
    ".gitignore": "/.logs\n/reports/evaluation\n/data/index\n/data/crossvalidation\n/reports/label_errors.*\n",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    return once(tmp_path_factory, "folds", lambda folder: make_toy(folder / "toy", FILES)) / "toy"


@pytest.fixture
def toy(made, tmp_path, monkeypatch) -> Toy:
    shutil.copytree(made, tmp_path / "toy", symlinks=True)
    monkeypatch.chdir(tmp_path / "toy")
    toy = Toy(tmp_path / "toy")
    for name, value in toy.env.items():
        monkeypatch.setenv(name, value)
    return toy


def tailwise(capsys, *arguments: str) -> tuple[int, str, str]:
    """(status, standard output, line on stderr)"""
    status = main(list(arguments))
    printed = capsys.readouterr()
    assert printed.err.count("\n") <= 1
    return status, printed.out, printed.err.removeprefix("tailwise: ").rstrip("\n")


@pytest.mark.slow
def test_folds_become_experiments_once_and_are_answered_together(toy, capsys):
    status, out, error = tailwise(capsys, "crossvalidate", "--folds", "3", "--workers", "2")
    assert (status, error) == (0, "") and "Cross-validation in 3 folds: 0 of 3 runs are there" in out
    assert "60 samples of 30 groups" in out
    text = Path("reports/crossvalidation.md").read_text()
    assert "| a | 30 | 0.967" in text and "| b | 30 | 1.000" in text
    with open("data/crossvalidation/tag.csv") as file:
        assert sorted(row["sample"] for row in csv.DictReader(file)) == sorted(f"s{i}" for i in range(60))
    again = tailwise(capsys, "crossvalidate", "--folds", "3")
    assert "3 of 3 runs are there" in again[1] and Path("reports/crossvalidation.md").read_text() == text
    assert toy.run("git", "status", "--porcelain").split() == ["??", "reports/crossvalidation.md"]

    status, out, error = tailwise(capsys, "label-errors")
    assert (status, error) == (0, "") and "tag: 1 of 60 labels are probably wrong" in out
    with open("reports/label_errors.csv") as file:
        assert [(row["sample"], row["label"], row["other"]) for row in csv.DictReader(file)] == [("s8", "a", "b")]
    page = Path("reports/label_errors.html").read_text()
    assert "<td>s8</td>" in page and "1 of 60 labels" in page


def test_what_would_run_is_listed(toy, capsys):
    status, out, _ = tailwise(capsys, "crossvalidate", "--folds", "2", "--list")
    assert status == 0 and out.splitlines()[1:] == ["fold 0, seed 1", "fold 1, seed 1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crossvalidate", "--folds", "1"], "--folds must be at least 2, found 1"),
        (["crossvalidate", "--workers", "0"], "--workers must be at least 1, found 0"),
        (["label-errors"], "data/crossvalidation: has no answers of a cross-validation: run `tailwise crossvalidate`"),
        (["label-errors", "--most", "0"], "--most must be at least 1"),
    ],
)
def test_a_mistake_is_one_line(toy, capsys, arguments, said):
    status, _, error = tailwise(capsys, *arguments)
    assert status == 1 and error.startswith(said)


def test_a_pipeline_without_resampling_says_so(toy, capsys):
    Path("params.yaml").write_text("training: {seed: 1}\n")
    status, _, error = tailwise(capsys, "crossvalidate")
    assert status == 1 and error.startswith("params.yaml: has no section resampling")
