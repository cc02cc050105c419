"""The actions pipeline as its users run it: in a clone of this repository, with the smoke preset."""

import subprocess
from pathlib import Path

import pytest

from support.pipeline.project import Project, ran
from support.pipelines import own_copy, smoke_run
from tailwise.core.files import read_json

PLACE = "pipelines/actions"
STAGES = [
    *("check", "make_demo", "index", "decode@motion", "train_motion@motion", "features", "analyze_classes"),
    *("show_samples", "choose", "compute_weights", "train_phase1", "measure_difficulty", "plan_curriculum"),
    *("train_phase2", "target_weak_classes", "train_phase3", "select_model", "evaluate", "calibrate", "intervals"),
    *(
        "save_config",
        "show_mistakes",
        "insight",
        "map_embeddings",
        "explain",
        "certify",
        "report",
        "draw_figures",
        "survey",
    ),
]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, home) -> Project:
    return smoke_run(tmp_path_factory, home, PLACE)


@pytest.fixture
def folder(finished, tmp_path) -> Project:
    return own_copy(finished, tmp_path / "repo", PLACE)


def test_it_runs_whole_from_a_clone(finished):
    said = (finished.folder.parents[2] / "said.txt").read_text()
    assert sorted(ran(said)) == sorted(STAGES)
    figures = read_json(finished / "reports/metrics.json")
    assert 0 <= figures["top"]["top_1"] <= figures["top"]["top_5"] <= 1
    assert figures["top"]["top_1"] == pytest.approx(figures["action"]["accuracy"])
    page = (finished / "reports/report.html").read_text(encoding="utf8")
    assert page.count("data:image/jpeg;base64") > 20 and "steps of the" in page


def test_a_second_run_runs_nothing_and_nothing_is_left_to_do(folder):
    assert ran(folder.run("dvc", "repro")) == []
    root = Project(folder.folder.parents[1], Path(folder.env["HOME"]))
    assert root.read("git", "status", "--porcelain") == ""


def test_another_fusion_trains_again_and_computes_no_features(folder):
    folder.set("model.fusion", {"kind": "concatenation"})
    assert set(folder.repro("train_phase1")) == {"check", "train_phase1"}


def test_a_clip_is_predicted_from_the_weights_file_alone(finished):
    clip = sorted(finished.folder.glob("data/demo/videos/*.webm"), key=lambda file: file.stat().st_size)[-1]
    name = str(clip.relative_to(finished.folder))
    command = ["env", "PYTHONPATH=../../src", "python3", "-m", "tailwise", "predict", "--format", "csv", name]
    command += ["--weights", "data/models/selected.safetensors"]
    done = subprocess.run(command, cwd=finished.folder, env=finished.env, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    header, row = (line.split(",") for line in done.stdout.splitlines())
    assert header[:2] == ["clip", "action"] and row[0] == name
    assert sum(map(float, row[2:])) == pytest.approx(1, abs=1e-3)
