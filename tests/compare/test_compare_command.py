"""`tailwise compare` in a real repository of git and DVC, with an experiment."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support.compare.toy import Toy, make_toy
from support.once import once
from tailwise.cli.main import main
from tailwise.compare.sweeps.sweep import cells, read_sweep
from tailwise.core.params.config import read_params


@pytest.fixture(scope="session")
def made_toy(tmp_path_factory) -> Path:
    """main with seed 1, the branch wide, and the experiment second with seed 2. Nobody may change it."""

    def make(folder: Path) -> None:
        toy = make_toy(folder / "toy")
        toy.experiment("second", training__seed=2)
        toy.run("git", "switch", "--quiet", "--create", "wide")
        params = folder / "toy/params.yaml"
        params.write_text(params.read_text().replace("plain", "wide"))
        toy.dvc("repro", "--quiet")
        toy.commit("wide")
        toy.run("git", "switch", "--quiet", "main")
        toy.dvc("checkout", "--quiet")

    return once(tmp_path_factory, "compared", make) / "toy"


@pytest.fixture
def toy(made_toy, tmp_path, monkeypatch) -> Toy:
    shutil.copytree(made_toy, tmp_path / "toy", symlinks=True)
    monkeypatch.chdir(tmp_path / "toy")
    return Toy(tmp_path / "toy")


def compare(capsys, *arguments):
    """(status, standard output, line on stderr)"""
    status = main(["compare", *arguments])
    printed = capsys.readouterr()
    assert printed.err.count("\n") <= 1
    return status, printed.out, printed.err.removeprefix("tailwise: ").rstrip("\n")


def test_branches_experiments_and_the_workspace_are_compared(toy, capsys):
    status, out, error = compare(
        capsys, "main", "second", "wide", "workspace", "--markdown", "c.md", "--metric", "tag.loss"
    )
    assert (status, error) == (0, "")
    lines = [line for line in Path("c.md").read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert rows[0][:3] == ["", "seeds", "tag loss"]
    assert rows[2][:2] == ["main and 1 more", "2"] and "±" in rows[2][3]
    assert rows[3][:2] == ["model.kind=wide", "1"] and "[" in rows[3][3]  # of one model: over groups, from DVC's cache
    page = Path("reports/comparison.html").read_text()
    assert (
        "model.kind=wide" in page and out.strip().splitlines()[-1] == Path("reports/comparison.html").resolve().as_uri()
    )
    assert toy.run("git", "status", "--porcelain").split() == ["??", "c.md"]


def test_two_models_are_compared_on_their_predictions_or_it_says_what_is_absent(toy, capsys):
    out = compare(capsys, "main", "wide")[1]
    assert "Fixed models" in out and "absent" not in out
    shutil.rmtree(".dvc/cache")
    shutil.rmtree("reports/evaluation")
    out = compare(capsys, "main", "wide")[1]
    assert "Fixed models" not in out and "predictions absent from DVC's cache: main, wide: `dvc pull" in out


def test_intervals_that_no_recorded_stage_made_are_left_out(toy, capsys):
    """They are of an earlier run: an experiment that ends with `evaluate` does not renew them."""
    Path("reports/intervals.json").write_text(json.dumps({"official": {"score": 71.0}}))
    toy.commit("old intervals")
    assert "official" not in compare(capsys, "HEAD")[1]
    Path("dvc.lock").unlink()
    toy.commit("no lock")
    assert "official score" in compare(capsys, "HEAD")[1]


def test_other_code_is_another_row(toy, capsys):
    Path("evaluate.py").write_text(Path("evaluate.py").read_text() + "# more\n")
    toy.dvc("repro", "--quiet")
    toy.commit("more")
    assert "code of HEAD" in compare(capsys, "HEAD~1", "second", "HEAD")[1]
    out = compare(capsys, "HEAD~1", "second", "HEAD", "--any-code")[1]
    assert "HEAD~1 and 1 more" in out and "Differences" not in out


def test_figures_that_are_out_of_date_are_refused(toy, capsys):
    params = Path("params.yaml").read_text()
    Path("params.yaml").write_text(params.replace("batch: 8", "batch: 16").replace("workers: 0", "workers: 2"))
    status, _, error = compare(capsys, "main", "workspace")
    assert status == 1 and error == (
        "reports/metrics.json of workspace: is out of date: the stage evaluate ran with another training.batch than "
        "params.yaml has: run `dvc repro`"
    )
    Path("params.yaml").write_text(params.replace("workers: 0", "workers: 2"))
    assert compare(capsys, "main", "workspace")[0] == 0
    Path("reports/metrics.json").write_text(json.dumps({"score": 1.0}))
    assert "dvc.lock records another content" in compare(capsys, "main", "workspace")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the revisions to compare: branches, tags, commits, experiments, workspace"),
        (["main", "secnd"], "secnd: no branch, tag, commit or experiment has this name; did you mean second?"),
        (["main", "--all"], ""),
        (["main", "wide", "--difference", "0"], "--difference must be above 0, found 0"),
        (["main", "wide", "--difference", "nan"], "--difference must be above 0, found nan"),
        (["main", "wide", "--metric", "tag.f1"], "--metric: the pipeline has no figure 'tag.f1'"),
        (["main", "wide", "--html", "params.yaml/x.html"], "params.yaml"),
    ],
)
def test_a_mistake_is_one_line(toy, capsys, arguments, said):
    if not said:
        with pytest.raises(SystemExit):
            compare(capsys, *arguments)
        return
    status, _, error = compare(capsys, *arguments)
    assert status == 1 and said in error and "\n" not in error


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("reports/metrics.json", None, "reports/metrics.json of HEAD: is not there: run `dvc repro` and commit it"),
        ("reports/metrics.json", "{", "out of date"),
        ("params.yaml", None, "params.yaml: is not there: go into the folder of a pipeline"),
        ("params.yaml", "a: [", "params.yaml of HEAD: "),
        ("params.yaml", "- a", "params.yaml of HEAD: expected sections, found list"),
        ("params.yaml", "model: {}\ntraining: {seed: x}", "out of date"),
        ("dvc.lock", "stages: [", "dvc.lock of HEAD: is not one of DVC: "),
        ("dvc.lock", "stages: {x: {outs: [{path: y, md5: z}]}}", "out of date: dvc.lock has no stage that made it"),
        ("dvc.lock", "a: b", ""),
    ],
)
def test_a_revision_that_cannot_be_read_is_named(toy, capsys, file, text, said):
    Path(file).unlink()
    if text is not None:
        Path(file).write_text(text)
    toy.commit("broken")
    status, _, error = compare(capsys, "HEAD")
    assert status == (1 if said else 0) and said in error


def test_an_experiment_of_two_baselines_is_named_by_its_commit(toy, capsys):
    one, other = (toy.run("git", "rev-parse", name).strip() for name in ("main", "wide"))
    for baseline, commit in ((one, one), (other, other)):
        toy.run("git", "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/twice", commit)
    status, _, error = compare(capsys, "twice")
    assert status == 1 and error.startswith("twice: 2 experiments have this name: give one of the commits ")
    assert compare(capsys, one[:10], other[:10])[0] == 0


def test_outside_git_there_is_nothing_to_compare(folder, capsys):
    assert compare(capsys, "main")[2].endswith("not in a git repository, so there is no revision to compare")
    subprocess.run(["git", "init", "-q"], check=True)
    assert compare(capsys, "main")[2] == "dvc.yaml: is not there: go into the folder of a pipeline"


SWEEP = "title: kinds\nseeds: 1\nrows: {plain: {}, wide: {model.kind: wide}}\n"


def name_of(place: int) -> str:
    """The name of a cell's experiment, in the order of SWEEP."""
    Path("sweep.yaml").write_text(SWEEP)
    return list(cells(read_sweep(Path("sweep.yaml")), read_params()))[place].name


def add_experiment(toy: Toy, name: str, commit: str) -> None:
    baseline = toy.run("git", "rev-parse", "main").strip()
    toy.run("git", "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}", commit)


def test_a_sweep_runs_only_what_is_not_there(toy, capsys, monkeypatch):
    plain, wide = (name_of(place) for place in (0, 1))
    asked = []

    class Stand:
        def __init__(self, folder, target, pipeline, say):
            assert target == "evaluate" and pipeline.costly == {"evaluate"}

        def run_all(self, todo, workers):
            asked.append([cell.name for cell in todo])
            add_experiment(toy, wide, "wide")
            return {}

    monkeypatch.setattr("tailwise.cli.runs.compare.Runner", Stand)
    assert compare(capsys, "--run", "sweep.yaml", "--list")[1].splitlines()[1:] == ["plain, seed 1", "wide, seed 1"]
    add_experiment(toy, plain, "main")
    out = compare(capsys, "--run", "sweep.yaml", "second")[1]
    assert (
        asked == [[wide]] and out.startswith("kinds: 1 of 2 runs are there") and "\nplain " in out and "\nwide " in out
    )
    assert compare(capsys, "--run", "sweep.yaml")[0] == 0 and asked == [[wide]]


def test_a_clone_without_the_outputs_of_later_stages_is_told_before_anything_runs(toy, capsys):
    """DVC would fail at the end, when all is computed."""
    more = "  report:\n    cmd: mkdir -p page && touch page/x\n    deps: [reports/metrics.json]\n    outs: [page]\n"
    Path("dvc.yaml").write_text(Path("dvc.yaml").read_text() + more)
    toy.dvc("repro", "--quiet")
    toy.commit("report")
    shutil.rmtree(".dvc/cache/files")
    Path("sweep.yaml").write_text(SWEEP)
    assert compare(capsys, "--run", "sweep.yaml")[2].startswith("DVC's cache lacks page, which dvc.lock records: ")


def test_what_a_sweep_cannot_run_is_one_line(toy, capsys, monkeypatch):
    add_experiment(toy, name_of(0), "wide")
    error = compare(capsys, "--run", "sweep.yaml")[2]
    assert "is an experiment with other params: `dvc exp remove" in error
    assert compare(capsys, "--run", "sweep.yaml", "--workers", "0")[2] == "--workers must be at least 1, found 0"
    assert compare(capsys, "--run", "none.yaml")[2] == "none.yaml: No such file or directory"
    Path("sweep.yaml").write_text(f"{SWEEP}target: train\n")
    assert compare(capsys, "--run", "sweep.yaml")[2] == "target: dvc.yaml has no stage train; it has evaluate"
    add_experiment(toy, name_of(0), "main")
    monkeypatch.setattr(
        "tailwise.compare.sweeps.runs.Runner.run_all", lambda self, todo, workers: {todo[0].name: "why"}
    )
    status, out, error = compare(capsys, "--run", "sweep.yaml")
    assert status == 1 and "plain" in out and error.startswith("1 of 1 runs failed, wide-1-") and ": why; " in error
