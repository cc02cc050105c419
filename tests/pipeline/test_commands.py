"""User commands and their output."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.evaluator import reference
from support.once import once
from support.pipeline.project import STAGES, Project, ran
from support.slow import slow_but
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params
from tailwise.data.raw import RawFile

HEAD_KEYS = {"macro_recall", "macro_f1", "accuracy", "min_recall", "loss", "recall"}


def test_make_help_lists_the_commands(finished):
    printed = finished.run("make", "help")
    assert all(f"make {target} " in printed for target in ("repro", "test", "setup", "bench", "clean-recovery"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """A Python that has nothing installed."""
    made = [sys.executable, "-m", "venv", "--without-pip"]
    return once(tmp_path_factory, "bare", lambda folder: subprocess.run([*made, folder], check=True))


@pytest.mark.parametrize("stage", slow_but(STAGES, "check"))
def test_a_python_without_the_packages_says_so_in_one_line(stage, finished, bare):
    env = {**finished.env, "PATH": f"{bare}/bin:{finished.env['PATH']}"}
    command = finished.lock()[stage]["cmd"]
    done = subprocess.run(command, shell=True, cwd=finished.folder, env=env, capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and "has no package" in line and ". .venv/bin/activate" in line


@pytest.mark.parametrize(
    ("key", "value", "said"),
    slow_but(
        [
            ("phase2.max_wieght", 2.0, "params.yaml: phase2.max_wieght is unknown; did you mean max_weight?"),
            ("phase2.max_weight", "high", "params.yaml: phase2.max_weight must be a number, found 'high'"),
            ("window.centre", 2, "params.yaml: window: the window would start at frame -"),
            (
                "data.root",
                "data/gone",
                "data/gone: no such folder; put the raw files and their annotations there, or set data",
            ),
        ],
        ("phase2.max_wieght", 2.0, "params.yaml: phase2.max_wieght is unknown; did you mean max_weight?"),
    ),
)
def test_a_wrong_parameter_is_one_line_and_nothing_is_lost(project, key, value, said):
    before = project.outputs()
    project.set(key, value)
    printed = project.run("dvc", "repro", fails=True)
    assert f"check: {said}" in printed and "Traceback" not in printed and ran(printed) == ["check"]
    project.run("git", "checkout", "--quiet", "params.yaml")
    project.run("dvc", "checkout", "check")
    assert project.outputs() == before


@pytest.mark.slow
def test_wrong_data_are_one_line_and_nothing_is_lost(project):
    """DVC takes away what the refused stage had made; `dvc checkout` brings it back."""
    before = project.outputs()
    shutil.unpack_archive(project / "data/demo/Test.zip", project / "data/raw/Test")
    project.edit("data/raw/Test/annotations.json", '"Offence": "Offence"', '"Offence": "Perhaps"')
    for split in ("Train", "Valid"):
        shutil.copy(project / f"data/demo/{split}.zip", project / f"data/raw/{split}.zip")
    project.set("data.root", "data/raw")
    printed = project.run("dvc", "repro", fails=True)
    (line,) = [line for line in printed.splitlines() if line.startswith("index: ")]
    assert "data/raw/Test/annotations.json: foul " in line and "unknown Offence 'Perhaps'; known:" in line
    assert "Traceback" not in printed and ran(printed)[-1] == "index"
    assert {*ran(printed)} <= {"check", "save_config", "index"}  # DVC orders stages that do not need each other
    lost = {path for path in before if not (project / path).exists()}
    assert lost and all(path.startswith(("data/index", "reports/index.json")) for path in lost)
    project.run("git", "checkout", "--quiet", "params.yaml", "dvc.lock", "reports")
    project.run("dvc", "checkout", "dvc.yaml")
    assert project.outputs() == before


def test_metrics_are_validation_figures_and_read_without_a_cache(finished, tmp_path):
    clone = Project(tmp_path / "clone", tmp_path)
    subprocess.run(["git", "clone", "--quiet", finished.folder, clone.folder], check=True)
    shown = json.loads(clone.read("dvc", "metrics", "show", "--json"))[""]["data"]
    own = {file for file in shown if not file.startswith("pipelines/")}
    assert own == {"reports/metrics.json", "reports/calibration.json"}
    figures = shown["reports/metrics.json"]["data"]
    assert set(figures) == {"balanced_accuracy", "action", "severity", "selective"}
    assert set(figures["action"]) == HEAD_KEYS
    tested = read_json(clone / "reports/certificate.json")["figures"]
    assert {head: set(tested[head]) for head in ("action", "severity")} == dict.fromkeys(
        ("action", "severity"), HEAD_KEYS
    )
    assert json.loads(clone.read("dvc", "metrics", "diff", "--json", "HEAD~1", "HEAD"))


def test_plots_show_confusion_and_recall_per_class_by_epoch(finished):
    plots = json.loads(finished.read("dvc", "plots", "show", "--json", "--out", "plots"))["data"]
    heads = read_json(finished / "data/index/heads.json")
    for head, classes in heads.items():
        answers = values(plots[f"reports/evaluation/{head}.csv"])
        assert {row["actual"] for row in answers} == set(classes) and len(answers) == 24
    for phase in (1, 2, 3):
        recalls = values(plots[f"phase {phase}, recall of each class"])
        drawn = {(row["epoch"], row["head"], row["class"]) for row in recalls}
        assert drawn == {(epoch, head, name) for epoch in "12" for head in heads for name in heads[head]}


def test_a_certificate_has_every_target_and_names_what_it_is_of(finished):
    certificate, heads = read_json(finished / "reports/certificate.json"), read_json(finished / "data/index/heads.json")
    asked = {
        (head, figure)
        for head, classes in heads.items()
        for figure in ("macro_recall", "macro_f1", "loss", *(f"recall of {name}" for name in classes))
    }
    assert {(row["head"], row["figure"]) for row in certificate["targets"]} == asked
    assert sum(certificate["verdicts"].values()) == len(asked)
    assert {name: len(digest) for name, digest in certificate["hashes"].items()} == dict.fromkeys(
        ("data", "params", "code", "weights"), 64
    )
    assert any("too few to measure its recall" in line for line in certificate["limits"])


def test_the_prediction_file_of_validation_has_every_foul_in_the_official_words(finished):
    file = read_json(finished / "reports/predictions.json")
    assert file["Set"] == "valid" and len(file["Actions"]) == 24
    assert all(set(foul) == {"Action class", "Offence", "Severity"} for foul in file["Actions"].values())


def test_the_evaluator_of_soccernet_has_its_figure_in_intervals_certificate_report_and_terminal(finished):
    """And no metric is one: people compare by the balanced accuracy."""
    labels = json.loads(RawFile(finished / "data/demo", "Valid.zip/annotations.json").read())["Actions"]
    found = read_json(finished / "reports/intervals.json")["official"]
    scores = reference(labels, read_json(finished / "reports/predictions.json")["Actions"])
    assert [found[name] for name in ("score", "action", "severity")] == [
        None if math.isnan(score) else round(score, 6) for score in scores
    ]
    assert "score" in read_json(finished / "reports/certificate.json")["official"]
    html = (finished / "reports/report.html").read_text(encoding="utf8")
    assert html.count("<td>SoccerNet's evaluator</td>") == 2
    printed = finished.read("env", "PYTHONPATH=src", "python3", "-m", "tailwise", "summary")
    assert "balanced accuracy: " in printed and "SoccerNet's evaluator: " in printed


@pytest.mark.slow
def test_a_stage_reads_the_values_that_dvc_exp_run_writes(project):
    project.run("dvc", "exp", "run", "-S", "phase1.train.lr=1e-5", "check")
    lock = read_params(project / "dvc.lock")
    assert lock["stages"]["check"]["params"]["params.yaml"]["phase1"]["train"]["lr"] == 1e-5


def values(plot: list[dict]) -> list[dict]:
    """The rows that a plot draws; a template of the repository's own comes as text."""
    content = plot[0]["content"]
    return (json.loads(content) if isinstance(content, str) else content)["data"]["values"]


@pytest.mark.slow
def test_tensorboard_is_written_where_asked_for_and_changes_no_output(project):
    before = project.outputs()
    assert not list((project / ".logs").glob("tensorboard/*"))
    project.set("runtime.tensorboard", True)
    project.run("dvc", "repro", "--force", "--single-item", "train_phase1")
    (board,) = (project / ".logs").glob("tensorboard/phase1-*")
    assert [file.name[:19] for file in board.iterdir()] == ["events.out.tfevents"]
    assert project.outputs() == before
