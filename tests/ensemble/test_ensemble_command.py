"""`tailwise ensemble` in a real repository of git and DVC, on a pipeline that takes no time."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from support.compare.toy import Toy, make_toy
from support.once import once
from tailwise.cli.main import main
from tailwise.core.heads import Head
from tailwise.metrics.predictions import read_predictions

FILES = {
    "dvc.yaml": """\
stages:
  train:
    cmd: PYTHON train.py
    deps: [train.py]
    params: [training]
    outs: [data/models/last.safetensors]
  evaluate:
    cmd: PYTHON evaluate.py
    deps: [evaluate.py, data/valid, data/models/last.safetensors]
    params: [training]
    outs: [reports/evaluation/tag.csv]
    metrics: [reports/metrics.json: {cache: false}]
""".replace("PYTHON", sys.executable),
    "params.yaml": "training: {seed: 1}\n",
    "data/valid/samples": "60\n",
    "train.py": """\
import pathlib, yaml

seed = yaml.safe_load(open("params.yaml"))["training"]["seed"]
pathlib.Path("data/models").mkdir(parents=True, exist_ok=True)
pathlib.Path("data/models/last.safetensors").write_text(f"weights of seed {seed}")
""",
    "evaluate.py": """\
import json, pathlib, random, yaml

seed = yaml.safe_load(open("params.yaml"))["training"]["seed"]
draw, weak = random.Random(seed), "ab"[seed % 2]
rows, right = [], {"a": [], "b": []}
for i in range(int(open("data/valid/samples").read())):
    actual = "ab"[i % 2]
    hit = actual != weak or draw.random() < 0.5
    likely = (0.9 if actual == "a" else 0.1) if hit else (0.4 if actual == "a" else 0.6)
    right[actual].append(hit)
    rows.append(f"s{i},g{i // 2},{actual},{'ab'[likely < 0.5]},{likely},{1 - likely:.1f}")
pathlib.Path("reports/evaluation").mkdir(parents=True, exist_ok=True)
header = "sample,group,actual,predicted,a,b"
pathlib.Path("reports/evaluation/tag.csv").write_text("\\n".join([header, *rows]) + "\\n")
recall = {name: sum(hits) / len(hits) for name, hits in right.items()}
figures = {"tag": {"macro_recall": sum(recall.values()) / 2, "recall": recall}}
pathlib.Path("reports/metrics.json").write_text(json.dumps(figures))
""",
    ".gitignore": "/reports/evaluation\n/data/models\n/ensembles/**/*.safetensors\n",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """main of seed 1 is weak at b, the experiment second of seed 2 at a; the branch more has other samples."""

    def make(folder: Path) -> None:
        toy = make_toy(folder / "toy", FILES)
        for branch, file, text in (
            ("two", "params.yaml", "training: {seed: 2}\n"),
            ("more", "data/valid/samples", "80\n"),
        ):
            toy.run("git", "switch", "--quiet", "--create", branch, "main")
            (folder / "toy" / file).write_text(text)
            toy.dvc("repro", "--quiet")
            toy.commit(branch)
        toy.run("git", "switch", "--quiet", "main")
        toy.dvc("checkout", "--quiet")
        baseline, commit = (toy.run("git", "rev-parse", name).strip() for name in ("main", "two"))
        toy.run("git", "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/second", commit)

    return once(tmp_path_factory, "ensembles", make) / "toy"


@pytest.fixture
def toy(made, tmp_path, monkeypatch) -> Toy:
    shutil.copytree(made, tmp_path / "toy", symlinks=True)
    monkeypatch.chdir(tmp_path / "toy")
    return Toy(tmp_path / "toy")


def ensemble(capsys, *arguments):
    """(status, standard output, line on stderr)"""
    status = main(["ensemble", *arguments])
    printed = capsys.readouterr()
    assert printed.err.count("\n") <= 1
    return status, printed.out, printed.err.removeprefix("tailwise: ").rstrip("\n")


def answers(toy: Toy, branch: str):
    toy.run("git", "switch", "--quiet", branch)
    toy.dvc("checkout", "--quiet")
    return read_predictions(Path("reports/evaluation/tag.csv"), Head("tag", ("a", "b")))


def test_a_branch_and_an_experiment_become_an_ensemble_that_wins(toy, capsys):
    status, out, error = ensemble(capsys, "main", "second")
    assert (status, error) == (0, "") and out.startswith("Use the ensemble: its advantage in macro recall over the")
    file = Path("ensembles/main/ensemble.json")
    text = file.read_text()
    members = json.loads(text)["members"]
    commits = [toy.run("git", "rev-parse", name).strip() for name in ("main", "two")]
    assert [member["commit"] for member in members] == commits and str(Path.cwd()) not in text
    for seed, member in enumerate(members, 1):
        content = (file.parent / member["weights"]["file"]).read_bytes()
        assert content == f"weights of seed {seed}".encode() and member["weights"]["path"].endswith("last.safetensors")
        assert hashlib.sha256(content).hexdigest() == member["weights"]["sha256"]
    assert Path("reports/ensemble.md").read_text().startswith("# Ensemble\n\nUse the ensemble")
    assert set(toy.run("git", "status", "--porcelain").split()) == {"??", "ensembles/", "reports/ensemble.md"}
    own, other = (answers(toy, name).known_probabilities for name in ("main", "two"))
    weights = np.array([member["weight"] for member in members])
    right = (np.tensordot(weights, [own, other], 1).argmax(axis=1) == np.arange(60) % 2).mean()
    assert json.loads(text)["figures"]["macro_recall"]["same_samples"] == pytest.approx(right, abs=1e-6)
    assert ensemble(capsys, "main", "second")[0] == 0 and file.read_text() == text, "the same bytes again"


def test_files_of_another_phase_are_members_too(toy, capsys):
    shutil.copytree("reports/evaluation", "phase2")
    Path("phase2.safetensors").write_text("weights of phase 2")
    status, out, _ = ensemble(
        capsys, "workspace", "--also", "phase2.safetensors", "phase2", "--equal", "--out", "e.json"
    )
    assert status == 0 and out.startswith("No gain of the ensemble is shown") and "Use workspace alone." in out
    found = json.loads(Path("e.json").read_text())["members"]
    assert [(each["name"], each["commit"], each["weight"]) for each in found] == [
        ("workspace", None, 0.5),
        ("phase2.safetensors", None, 0.5),
    ]
    assert Path("member-2.safetensors").read_text() == "weights of phase 2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["main"], "an ensemble needs two members or more: name another run"),
        (["main", "secnd"], "secnd: no branch, tag, commit or experiment has this name; did you mean second?"),
        (["main", "HEAD"], "HEAD and main are the same commit: leave one of them out"),
        (["main", "more"], "more: was evaluated on another data/valid than main: run both on the same data, or give "),
        (["main", "more", "--any-data"], "more: its answers of tag are of other validation samples or labels"),
        (["main", "second", "--rounds", "0"], "--rounds must be at least 1, found 0"),
        (["main", "second", "--out", "x"], "--out must end in .json, found x"),
        (["main", "--also", "x.safetensors", "y"], "x.safetensors: no such file"),
        (["main", "--also", "data/models/last.safetensors", "y"], "y/tag.csv: No such file or directory"),
    ],
)
def test_what_makes_no_ensemble_is_a_line(toy, capsys, arguments, said):
    status, _, error = ensemble(capsys, *arguments)
    assert status == 1 and error.startswith(said) and not Path("ensembles").exists()


@pytest.mark.parametrize(("path", "name"), [("data/models/last.safetensors", "weights"), ("reports", "answers")])
def test_what_is_not_in_the_cache_is_named_with_the_remedy(toy, capsys, path, name):
    locked = toy.run("git", "show", "two:dvc.lock")
    place = locked.index(f"path: {path}", locked.index("outs:" if name == "weights" else "reports/evaluation") - 20)
    md5 = locked[place:].split("md5: ")[1].split()[0]
    next(Path(".dvc/cache").rglob(md5[2:])).unlink()
    status, _, error = ensemble(capsys, "main", "second")
    assert status == 1 and error.startswith(f"second: its {name}, {path}") and "`dvc exp apply second`" in error
    assert "are not in DVC's cache: `dvc fetch --all-commits` or `dvc exp pull`" in error


def test_damaged_weights_are_refused(toy, capsys):
    weights = Path("data/models/last.safetensors")
    weights.unlink()
    weights.write_text("others")
    status, _, error = ensemble(capsys, "workspace", "second")
    assert status == 1 and error.startswith(
        "workspace: the content of data/models/last.safetensors is not what dvc.lock"
    )
