"""The logos pipeline as its users run it: in a clone of this repository, with the smoke preset."""

import json
import subprocess
from pathlib import Path

import pytest

from support.pipeline.project import Project, ran
from support.pipelines import own_copy, smoke_run
from tailwise.core.files import read_csv, read_json

PLACE = "pipelines/logos"
STAGES = [
    *("check", "make_demo", "index", "prepare", "analyze_classes", "show_samples", "choose", "compute_weights"),
    *(
        "pretrain",
        "train_phase1",
        "measure_difficulty",
        "plan_curriculum",
        "train_phase2",
        "train_phase3",
        "select_model",
    ),
    *("target_weak_classes", "train_phase4", "evaluate", "fit_rules", "route", "calibrate", "intervals"),
    *("map_embeddings", "time_answers"),
    *("save_config", "show_mistakes", "explain", "certify", "report", "draw_figures"),
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
    figures, intervals = read_json(finished / "reports/metrics.json"), read_json(finished / "reports/intervals.json")
    assert set(figures["kind"]["recall"]) == {"simple", "text", "gradient", "complex"}
    assert 0 <= intervals["hybrid"]["coverage"] <= 1
    assert intervals["hybrid"]["hybrid"] >= max(intervals["hybrid"]["rules"], intervals["hybrid"]["model"])
    assert "hybrid" in read_json(finished / "reports/certificate.json")
    page = (finished / "reports/report.html").read_text(encoding="utf8")
    assert page.count('class="picture"') > 20
    shown = read_json(finished / "reports/map.json")["kind"]
    assert len(shown["x"]) == len(shown["pictures"]) == 64 and set(shown["of_classes"]) == set(
        figures["kind"]["recall"]
    )
    assert set(figures["selective"]) == {"confidence", "uncertainty"}
    times = (finished / ".logs/answers.js").read_text()
    assert all(f'"{way}": {{"mean": ' in times for way in ("rules", "model", "hybrid"))
    blocks = {row["block"] for row in read_csv(finished / "reports/training/phase1/gradients.csv")}
    assert {"heads.kind", "uncertainty"} < blocks and len(blocks) <= 8


def test_a_second_run_runs_nothing_and_nothing_is_left_to_do(folder):
    assert ran(folder.run("dvc", "repro")) == []
    root = Project(folder.folder.parents[1], Path(folder.env["HOME"]))
    assert root.read("git", "status", "--porcelain") == ""


def test_plots_show_the_answers_and_the_figures(folder, tmp_path):
    root = Path(folder.read("git", "rev-parse", "--show-toplevel").strip())
    for name in ("dvc.yaml", "dvc.lock"):  # of its plots, which are not there, DVC would ask
        (root / name).unlink()
    made = json.loads(folder.read("dvc", "plots", "show", "--json", "--out", str(tmp_path / "plots")))
    assert [each for each in made.get("errors", []) if not each["name"].startswith("../")] == []
    assert {"reports/analysis/kind.csv", "reports/figures/png/learning_curves.png"} <= set(made["data"])
    content = made["data"]["reports/evaluation/kind.csv"][0]["content"]
    values = (json.loads(content) if isinstance(content, str) else content)["data"]["values"]
    assert len(values) == 64 and {row["actual"] for row in values} == {"simple", "text", "gradient", "complex"}


def test_the_same_inputs_give_the_same_map(folder):
    before = (folder / "reports/map.json").read_bytes()
    folder.run("dvc", "repro", "--single-item", "--force", "map_embeddings")
    assert (folder / "reports/map.json").read_bytes() == before


def test_another_background_prepares_anew_and_keeps_the_logos(folder):
    folder.set("prepare.background", "#eeeeee")
    assert set(folder.repro("prepare")) == {"check", "prepare"}


def test_a_logo_is_predicted_from_the_weights_file_alone(finished):
    logo = sorted(finished.folder.glob("data/demo/Test/text/*.svg"))[0].relative_to(finished.folder)
    command = ["env", "PYTHONPATH=../../src", "python3", "-m", "tailwise", "predict", "--format", "csv", str(logo)]
    command += ["--weights", "data/models/selected.safetensors"]
    done = subprocess.run(command, cwd=finished.folder, env=finished.env, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    header, row = (line.split(",") for line in done.stdout.splitlines())
    assert header[:2] == ["image", "kind"] and row[0] == str(logo)
    assert sum(map(float, row[2:])) == pytest.approx(1, abs=1e-4)
