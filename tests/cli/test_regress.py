"""`tailwise regress`, in a real repository of git and DVC."""

import json
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from tailwise.cli.main import main
from tailwise.cli.regress import figures_in
from tailwise.compare.direction import HIGHER, LOWER, better

DVC = """
stages:
  evaluate:
    cmd: echo
    outs: [data/big]
    metrics:
      - reports/metrics.json: {cache: false}
      - reports/cached.json
  calibrate:
    foreach: [calibration]
    do:
      cmd: echo
      metrics: ["reports/${item}.json": {cache: false}]
"""
FIGURES = {"score": 50.0, "tag": {"macro_f1": 0.5, "loss": 1.0, "recall": {"loss of a": 0.5, "b": None}, "tau": 1}}
CALIBRATION = {"tag": {"method": "platt", "platt": {"ece": 0.02, "above_95": 0.1}, "bins": {"count": [1, 2]}}}
FOLDER = Path("pipelines/tags")


def git(*arguments):
    who = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def run(folder, monkeypatch):
    """Writes the figures of a run in the folder of a pipeline, where the command is; those given are committed."""
    Repo.init(no_scm=True)
    git("init", "-q")
    (folder / FOLDER / "reports").mkdir(parents=True)
    monkeypatch.chdir(folder / FOLDER)
    Path("dvc.yaml").write_text(DVC)
    write()
    git("add", ".")
    git("commit", "-qm", "a run")


def write(metrics=FIGURES, calibration=CALIBRATION):
    Path("reports/metrics.json").write_text(json.dumps(metrics))
    Path("reports/calibration.json").write_text(json.dumps(calibration))


def regress(capsys, *arguments):
    """(status, lines on stdout, line on stderr)"""
    status = main(["regress", *arguments])
    printed = capsys.readouterr()
    return status, printed.out.splitlines(), printed.err.removeprefix("tailwise: ").rstrip("\n")


def test_the_same_figures_are_no_regress(run, capsys):
    status, lines, error = regress(capsys)
    assert (status, error) == (0, "")
    assert lines == ["not judged: tag.tau", "none of 6 figures is worse than in HEAD by more than 0"]


def test_what_fell_and_what_rose_is_a_line_each_and_better_figures_are_none(run, capsys):
    tag = {"macro_f1": 0.4, "loss": 0.5, "recall": {"loss of a": 0.25, "b": 1.0}, "tau": 2}
    write({"score": 60.0, "tag": tag}, {"tag": {"platt": {"ece": 0.03, "above_95": 0.0}}})
    status, lines, error = regress(capsys)
    assert status == 1 and error == "worse than in HEAD by more than 0: 3 of 6 figures"
    assert lines[1:] == [
        "reports/metrics.json: tag.macro_f1 fell from 0.5 to 0.4",
        "reports/metrics.json: tag.recall.loss of a fell from 0.5 to 0.25",
        "reports/calibration.json: tag.platt.ece rose from 0.02 to 0.03",
    ]


@pytest.mark.parametrize(("tolerance", "status"), [("0.1", 0), ("0.0999", 1), ("0.2", 0)])
def test_a_change_within_the_tolerance_is_none(run, capsys, tolerance, status):
    write({**FIGURES, "tag": {**FIGURES["tag"], "macro_f1": 0.4, "loss": 1.1}})
    assert regress(capsys, "--tolerance", tolerance)[0] == status


def test_a_figure_without_a_number_is_worse_and_a_new_one_is_none(run, capsys):
    write({"score": None, "tag": {**FIGURES["tag"], "accuracy": 0.1}})
    status, lines, _ = regress(capsys, "--tolerance", "100")
    assert status == 1 and lines[1:] == ["reports/metrics.json: score was 50 and has no number now"]


def test_another_commit_is_compared_by_name(run, capsys):
    write({**FIGURES, "score": 40.0})
    git("commit", "-qam", "worse")
    assert regress(capsys)[0] == 0
    status, lines, error = regress(capsys, "--rev", "HEAD~1")
    assert status == 1 and lines[1:] == ["reports/metrics.json: score fell from 50 to 40"]
    assert error == "worse than in HEAD~1 by more than 0: 1 of 6 figures"


def test_a_file_that_is_new_is_not_compared(run, capsys):
    git("rm", "-q", "--cached", "reports/calibration.json")
    git("commit", "-qm", "without")
    status, lines, _ = regress(capsys)
    assert status == 0 and lines[0] == "reports/calibration.json: no figures in HEAD, not compared"


def refused(capsys, *arguments):
    status, lines, error = regress(capsys, *arguments)
    assert status == 1 and lines == [] and "\n" not in error
    return error


def test_wrong_arguments_and_figures_are_one_line(run, capsys):
    assert refused(capsys, "--rev", "nowhere") == "--rev nowhere: git knows no such commit"
    assert refused(capsys, "--rev=--all") == "--rev --all: git knows no such commit"
    assert refused(capsys, "--tolerance=-1") == "--tolerance must be 0 or more, found -1"
    assert refused(capsys, "--tolerance", "nan") == "--tolerance must be 0 or more, found nan"
    Path("reports/metrics.json").unlink()
    assert refused(capsys) == "reports/metrics.json: No such file or directory"
    Path("reports/metrics.json").write_text("{")
    assert refused(capsys).startswith("reports/metrics.json: not JSON: ")


def test_without_a_committed_file_it_says_so(run, capsys):
    git("rm", "-q", "--cached", "reports/calibration.json", "reports/metrics.json")
    git("commit", "-qm", "without")
    files = "reports/metrics.json, reports/calibration.json"
    expected = f"HEAD has no figures in {files}: commit those of a run, or name another --rev"
    assert refused(capsys) == expected


def test_a_committed_file_that_is_no_json_is_named(run, capsys):
    Path("reports/metrics.json").write_text("{")
    git("commit", "-qam", "broken")
    write()
    assert refused(capsys).startswith("reports/metrics.json of ")


def test_a_folder_without_a_pipeline_metrics_or_git_is_one_line(run, capsys, folder, monkeypatch):
    Path("dvc.yaml").write_text("stages:\n  s: {cmd: echo, metrics: [reports/cached.json]}\n")
    assert refused(capsys) == "dvc.yaml: no stage has metrics with `cache: false`"
    Path("dvc.yaml").write_text("stages: [")
    assert refused(capsys).startswith("dvc.yaml: ")
    Path("dvc.yaml").unlink()
    assert refused(capsys) == "dvc.yaml: absent: run this in the folder of a pipeline"
    (folder / ".git").rename(folder / "elsewhere")
    assert refused(capsys) == f"{Path.cwd()}: not in a git repository, so there are no committed figures"


def test_outside_dvc_it_is_one_line(folder, capsys):
    git("init", "-q")
    git("commit", "-qm", "empty", "--allow-empty")
    Path("dvc.yaml").write_text(DVC)
    assert refused(capsys).startswith("dvc.yaml: you are not inside of a DVC repository")


@pytest.mark.parametrize(
    ("figure", "direction"),
    [
        ("action.macro_recall", HIGHER),
        ("action.recall.loss", HIGHER),
        ("balanced_accuracy", HIGHER),
        ("top1", HIGHER),
        ("section.boundary_f1_0.5", HIGHER),
        ("boundary.loss", LOWER),
        ("section.none.ece_mass", LOWER),
        ("section.none.above_95", LOWER),
        ("calibration_error", LOWER),
        ("section.none.mean_confidence", None),
        ("section.fitted_temperature", None),
        ("action.tau", None),
    ],
)
def test_the_rule_of_directions(figure, direction):
    assert better(figure) == direction


def test_only_finite_numbers_are_figures():
    value = {"a": {"b": 1, "c": None, "d": "x", "e": [1], "f": True, "g": float("nan")}, "h": 0.5}
    assert figures_in(value) == {"a.b": 1.0, "h": 0.5}
