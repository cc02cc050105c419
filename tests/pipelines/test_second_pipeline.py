"""A second pipeline beside the first: the same stages and library, its own data, params and reports."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support.once import once
from support.pipelines import call, start, started
from tailwise.core.files import read_csv, read_json
from tailwise.core.stage.run_log import last_runs

KEPT, PLACE = "tests/pipelines/tagger", "pipelines/tagger"
STAGES = [
    "check",
    "save_config",
    "make_demo",
    "index",
    "analyze_classes",
    "compute_weights",
    "train_phase1",
    "measure_difficulty",
    "plan_curriculum",
    "show_difficulty",
    "train_phase2",
    "evaluate",
    "intervals",
    "certify",
    "report",
]
IMPORT_ALL = """
import importlib, sys
from pathlib import Path
for source in ("../../src", "."):
    sys.path.insert(0, source)
    package = "tailwise" if source != "." else "tagger"
    for file in sorted(Path(source, package).rglob("*.py")):
        importlib.import_module(".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__"))
"""
ABLATION = """
title: Parts of the tagger
seeds: 1
phases: [phase1, phase2]
last: evaluate
given: {data/raw: [songs], data/index: [songs], data/songs: [songs]}
figures: {recall: {label: macro recall, path: tag.macro_recall}}
compared: [recall]
rows:
  default: {label: default}
  short: {label: one epoch in phase 1, params: {phase1.train.epochs: 1}}
"""


def everything_of_the_root(repo: Path) -> dict[str, bytes]:
    """Each file of the root pipeline's, ignored ones too; dvc's, git's and the recovery folders apart."""
    outside = (".git/", ".dvc/", ".resume/", ".logs/", f"{PLACE}/")
    files = {path.relative_to(repo).as_posix(): path for path in repo.rglob("*") if path.is_file()}
    kept = {name: path for name, path in files.items() if not name.startswith(outside) and "__pycache__" not in name}
    return {name: path.read_bytes() for name, path in kept.items()}


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """before: the repository; after: when `dvc repro` of the second pipeline was started from its root; said.txt"""

    def make(folder: Path) -> None:
        for name in ("before", "after"):
            (folder / name).mkdir()
        start(folder / "before", KEPT, PLACE)
        shutil.copytree(folder / "before", folder / "after", dirs_exist_ok=True)
        (folder / "said.txt").write_text(call("dvc", "repro", f"{PLACE}/dvc.yaml", cwd=folder / "after"))

    return once(tmp_path_factory, "second", make)


@pytest.fixture(scope="module")
def before(kept) -> dict[str, bytes]:
    return everything_of_the_root(kept / "before")


@pytest.fixture
def done(kept) -> Path:
    """After the first run. Nobody may change it."""
    return kept / "after"


@pytest.fixture
def repo(kept, tmp_path) -> Path:
    """After the first run, in a folder of its own."""
    return shutil.copytree(kept / "after", tmp_path / "repo")


def test_it_runs_whole_from_the_root_and_learns(kept, done):
    assert sorted(started((kept / "said.txt").read_text())) == sorted(STAGES)
    figures = json.loads((done / PLACE / "reports" / "metrics.json").read_text())
    assert figures["tag"]["macro_recall"] > 0.9 and figures["mean_recall"] == figures["tag"]["macro_recall"]


def test_every_labelled_position_is_counted_once_by_all_stages(done):
    reports = done / PLACE / "reports"
    rows = read_csv(done / PLACE / "data/songs/valid/manifest.csv")
    counts = Counter(tag for row in rows for tag in row["tag"].split() if tag != "-")
    assert read_json(reports / "classes.json")["valid"]["tag"] == counts
    answers = read_csv(reports / "evaluation/tag.csv")
    assert Counter(row["actual"] for row in answers) == counts
    notes = {row["sample"]: row["notes"].split() for row in rows}
    assert all(0 < int(row["position"]) < len(notes[row["sample"]]) - 1 for row in answers), "the ends have no tag"
    intervals = read_json(reports / "intervals.json")["heads"]["tag"]
    assert {name: of["support"] for name, of in intervals["classes"].items()} == counts


def test_its_second_phase_begins_with_the_songs_that_are_easy_for_the_first(done):
    data = done / PLACE / "data"
    rows = read_csv(data / "difficulty/train.csv")
    tags = {row["sample"]: row["tag"].split() for row in read_csv(data / "songs/train/manifest.csv")}
    assert [row["sample"] for row in rows] == list(tags)
    for row in rows:  # one head: difficulty is what its confidence lacks
        assert float(row["difficulty"]) == pytest.approx(1 - float(row["confidence_tag"]), abs=1e-6)
    epochs = read_csv(data / "epochs/phase2.csv")
    first, all_of = ({row["sample"] for row in epochs if row["epoch"] == epoch} for epoch in "12")
    assert all_of == set(tags) and len(tags) / 2 <= len(first) < len(tags)  # more where the least share needs more
    for tag in ("falls", "stays", "rises"):
        of_tag = {name for name, own in tags.items() if tag in own}
        assert len(of_tag & first) >= 0.3 * len(of_tag)
    hard = {row["sample"]: float(row["difficulty"]) for row in rows}
    mean = {name: sum(map(hard.get, names)) / len(names) for name, names in (("in", first), ("out", all_of - first))}
    assert mean["in"] < mean["out"]
    shown = read_json(done / PLACE / "reports/difficulty.json")["tag"]
    assert [len(of_which) for of_which in shown.values()] == [6, 6]
    assert "Easiest and hardest training samples" in (done / PLACE / "reports/report.html").read_text()


def test_its_certificate_and_report_are_of_positions(done):
    reports = done / PLACE / "reports"
    certificate = read_json(reports / "certificate.json")
    assert certificate["verdicts"] == {"pass": 6, "fail": 0, "undecided": 0}
    assert sum(row["samples"] or 0 for row in certificate["targets"]) == sum(
        tag != "-" for row in read_csv(done / PLACE / "data/songs/test/manifest.csv") for tag in row["tag"].split()
    )
    page = (reports / "report.html").read_text()
    assert "falls" in page and "<h2" in page


def test_new_songs_are_predicted_a_tag_a_note(repo):
    (repo / PLACE / "new.csv").write_text("sample,notes\nup,0 1 2 3\ndown,3 2 1 0 0\n")
    command = [
        "--recipe",
        "tagger",
        "--weights",
        "data/models/phase2.safetensors",
        "--table",
        "new.csv",
        "--format",
        "csv",
    ]
    env = ["env", "PYTHONPATH=../../src:.", "python3", "-m", "tailwise", "predict", *command]
    rows = list(csv.DictReader(call(*env, cwd=repo / PLACE).splitlines()))
    assert len(rows) == 9 and [row["tag"] for row in rows][1:3] == ["rises", "rises"]
    assert [row["tag"] for row in rows][5:7] == ["falls", "falls"]


def test_the_root_pipeline_is_left_alone(done, before):
    assert everything_of_the_root(done) == before
    status = ["git", "--no-optional-locks", "status", "--porcelain", "-uall"]
    changed = [line[3:] for line in call(*status, cwd=done).splitlines()]
    assert changed and all(name.startswith(f"{PLACE}/") for name in changed)


def test_nothing_is_left_to_resume(done):
    states = done / PLACE / ".resume"
    assert len(list(states.glob("*/done.json"))) == len(list(states.glob("*"))) == 1  # the first phase's is gone


def test_its_logs_are_its_own_and_have_the_stages_names(done):
    logs = done / PLACE / ".logs"
    assert sorted(path.stem for path in (logs / "events").iterdir()) == sorted(STAGES)
    assert {run.stage for run in last_runs(logs / "stages.csv")} == set(STAGES)
    assert not (done / ".logs").exists() and not (done / ".resume").exists()


@pytest.mark.slow
def test_importing_everything_leaves_nothing_to_do(repo):
    """Compiled Python beside the code is none of DVC's business, in whatever folder the pipeline lies."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "PYTHON"))}
    subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=repo / PLACE, env=env, check=True)
    packages = [folder for folder in (repo / "src/tailwise").rglob("*") if list(folder.glob("*.py"))]
    assert packages and all((folder / "__pycache__").is_dir() for folder in packages)
    assert (repo / PLACE / "tagger/__pycache__").is_dir()
    assert call("dvc", "status", "dvc.yaml", cwd=repo / PLACE) == "Data and pipelines are up to date.\n"
    assert started(call("dvc", "repro", "--dry", cwd=repo / PLACE)) == []
    assert started(call("dvc", "repro", "--dry", f"{PLACE}/dvc.yaml", cwd=repo)) == []


@pytest.mark.slow
def test_from_a_temporary_copy_what_is_untracked_goes_to_the_main_repository(repo):
    """There its experiment finds the state of one that was killed."""
    folder = repo / PLACE
    shutil.rmtree(folder / ".resume")
    for name in ("dvc.yaml", "dvc.lock"):  # of its plots, which are not there, DVC would ask at the end
        (repo / name).unlink()
    call("git", "add", "--all", cwd=repo)
    call("git", "commit", "--quiet", "--message", "run", cwd=repo)
    call("dvc", "exp", "run", "--temp", "-S", "phase1.train.epochs=1", "train_phase2", cwd=folder)
    done = [path.parent.name.partition("-")[0] for path in (folder / ".resume").glob("*/done.json")]
    assert done == ["phase2"], "the first phase's state goes when the second begins"


@pytest.mark.slow
def test_the_roots_own_repro_does_not_look_at_it(repo):
    """Only -P, all pipelines, does; the root's own stages have nothing to start from here, so nothing runs."""
    own, all_pipelines = (call("dvc", "repro", "--dry", "--keep-going", *p, cwd=repo, status=255) for p in ([], ["-P"]))
    assert "Running stage 'check'" in own and PLACE not in own
    assert f"Stage '{PLACE}/dvc.yaml:check' didn't change, skipping" in all_pipelines


@pytest.mark.slow
def test_the_roots_status_finds_it_up_to_date(repo):
    status = json.loads(call("dvc", "status", "--json", cwd=repo))
    assert not [name for name in status if name.startswith(PLACE)]


@pytest.mark.slow
def test_from_its_own_folder_only_what_changed_runs_again(repo, before):
    folder = repo / PLACE
    assert started(call("dvc", "repro", cwd=folder)) == []
    params = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(params.replace("epochs: 4", "epochs: 1"))
    assert sorted(started(call("dvc", "repro", cwd=folder))) == sorted(
        ["check", "save_config", *STAGES[STAGES.index("train_phase1") :]]
    )
    assert everything_of_the_root(repo) == before


@pytest.mark.slow
def test_a_wrong_key_is_refused_before_anything_is_touched(repo):
    folder = repo / PLACE
    model, params = folder / "data" / "models" / "phase1.safetensors", (folder / "params.yaml").read_text()
    before = model.read_bytes()
    (folder / "params.yaml").write_text(params.replace("dim:", "dimm:"))
    call("dvc", "repro", cwd=folder, status=255)
    (folder / "params.yaml").write_text(params)
    assert model.read_bytes() == before


@pytest.mark.slow
def test_a_part_of_it_is_ablated_by_its_own_stages(repo):
    """Two cells, trained by the stages of its dvc.yaml; the second call computes nothing."""
    folder = repo / PLACE
    (folder / "ablation.yaml").write_text(ABLATION)
    said = call("env", "PYTHONPATH=../../src:.", "python3", "-m", "tailwise", "ablate", cwd=folder).splitlines()
    assert [line.split(":")[0] for line in said[:2]] == ["default seed 1", "short seed 1"]
    cells = {name: read_json(folder / f"results/ablation/{name}/1.json") for name in ("default", "short")}
    assert cells["default"]["figures"]["recall"] > 0.9 and cells["short"]["epochs"] == [1, 2]
    again = call("env", "PYTHONPATH=../../src:.", "python3", "-m", "tailwise", "ablate", cwd=folder).splitlines()
    assert again == ["reports/ablation.md: 2 cells"]
