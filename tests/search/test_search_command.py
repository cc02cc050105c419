"""`tailwise search` in a real repository of git and DVC, without a run."""

import shutil
import sys
from pathlib import Path

import pytest

from support.compare.toy import Toy, make_toy
from support.once import once
from support.search.trained import FILES, SEARCH
from tailwise.cli.main import main

OPTUNA = "Optuna is not installed: pip install -r requirements-search.txt"


@pytest.fixture
def toy(tmp_path_factory, tmp_path, monkeypatch) -> Toy:
    made = once(tmp_path_factory, "searched", lambda folder: make_toy(folder / "toy", FILES))
    shutil.copytree(made / "toy", tmp_path / "toy", symlinks=True)
    monkeypatch.chdir(tmp_path / "toy")
    return Toy(tmp_path / "toy")


def search(capsys, *arguments, text: str = SEARCH.replace("TRIALS", "3")):
    """(status, standard output, line on stderr)"""
    Path("rates.yaml").write_text(text)
    status = main(["search", *arguments])
    printed = capsys.readouterr()
    assert printed.err.count("\n") <= 1
    return status, printed.out, printed.err.removeprefix("tailwise: ").rstrip("\n")


class Stand:
    """Of `Runner`: a trial's experiment is the committed run."""

    def __init__(self, toy: Toy):
        self.toy, self.fails = toy, True

    def __call__(self, folder, target, pipeline, say, grouped, starting):
        import threading

        assert target == "evaluate"
        self.shared_done, self.stopped = threading.Event(), threading.Event()
        return self

    def stop(self):
        self.stopped.set()

    def run(self, cell, beside, ended):
        if self.fails and cell.label == "1":
            return "no memory"
        params = Path("params.yaml").read_text()
        self.toy.dvc(
            "exp", "run", "--temp", "--name", cell.name, *(word for each in cell.words for word in ("-S", each))
        )
        assert Path("params.yaml").read_text() == params
        return None


@pytest.mark.slow
def test_a_search_ends_with_its_table_and_failed_trials_can_be_repeated(toy, capsys, monkeypatch):
    pytest.importorskip("optuna", reason=OPTUNA)
    monkeypatch.setattr("tailwise.cli.runs.search.Runner", stand := Stand(toy))
    for name, value in toy.env.items():
        monkeypatch.setenv(name, value)
    status, out, error = search(capsys, "rates.yaml", "--markdown", "trials.md")
    assert (status, error) == (1, "1 trials failed, trial 1: no memory; `--retry` repeats them")
    assert (
        "failed: no memory" in out
        and "dvc exp apply rates-trial-00" in out
        and "| trial |" in Path("trials.md").read_text()
    )
    stand.fails = False
    status, out, error = search(capsys, "rates.yaml", "--retry")
    assert (status, error) == (0, "") and "Rates: 2 of 3 trials are finished, 1 failed ones are repeated" in out
    assert "done, repeats 1" in out and "rates-trial-003" not in out.split("trial 3: ")[0]


def test_a_search_that_stops_shows_its_table_too(toy, capsys, monkeypatch):
    pytest.importorskip("optuna", reason=OPTUNA)
    monkeypatch.setattr("tailwise.cli.runs.search.Runner", stand := Stand(toy))
    monkeypatch.setattr(Stand, "run", lambda *_: "no memory")
    status, out, error = search(capsys, "rates.yaml", "--markdown", "trials.md")
    assert (status, error) == (1, "3 trials failed in a row, trial 2: no memory; `--retry` repeats them")
    assert stand.stopped.is_set() and out.count("failed: no memory") == 6, "a line and a row of each trial"
    assert Path("trials.md").read_text().count("failed: no memory") == 3


def test_a_study_is_not_continued_with_other_code(toy, capsys, monkeypatch):
    """Also where the code changes while the search runs; `--list` shows the trials all the same."""
    pytest.importorskip("optuna", reason=OPTUNA)
    monkeypatch.setattr("tailwise.cli.runs.search.Runner", Stand(toy))
    code = Path("train.py").read_text()
    monkeypatch.setattr(Stand, "run", lambda *_: Path("train.py").write_text(f"{code}# changed") and "no memory")
    for _ in range(2):
        status, out, error = search(capsys, "rates.yaml")
        assert status == 1 and error.startswith("rates.yaml: the study rates was begun with another train.py: `git ")
        assert out.count("failed: no memory\n") == 1 + (_ == 0)
    assert search(capsys, "rates.yaml", "--list")[0] == 0
    Path("train.py").write_text(code)
    monkeypatch.setattr(Stand, "run", lambda *_: "no memory")
    assert search(capsys, "rates.yaml")[2].startswith("2 trials failed, trial 1: no memory")


def test_a_list_shows_what_is_there_and_runs_nothing(toy, capsys):
    pytest.importorskip("optuna", reason=OPTUNA)
    status, out, error = search(capsys, "rates.yaml", "--list")
    assert (status, error) == (0, "") and out.startswith("Rates: 0 of 3 trials are finished\n\ntrial  tag.macro_recall")


def test_without_optuna_one_line_says_what_to_install(toy, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    status, _, error = search(capsys, "rates.yaml")
    assert (status, error) == (
        1,
        "tailwise search needs optuna: pip install -r requirements-search.txt -c constraints.txt",
    )


@pytest.mark.parametrize(
    ("arguments", "changed", "said"),
    [
        (["none.yaml"], ("", ""), "none.yaml: No such file or directory"),
        (["rates.yaml", "--workers", "0"], ("", ""), "--workers must be at least 1, found 0"),
        (["rates.yaml", "--trials", "0"], ("", ""), "--trials must be at least 1, found 0"),
        (["rates.yaml"], ("model.rate", "model.rat"), "rates.yaml: keys.model.rat: params.yaml has no model.rat"),
        (["rates.yaml"], ("macro_recall", "macro_recal"), "rates.yaml: objective"),
        (
            ["rates.yaml"],
            ("tag.macro_recall", "tag.recall"),
            "rates.yaml: objective.metric: the pipeline has no figure",
        ),
        (
            ["rates.yaml"],
            ("title: Rates", "title: Rates\ntarget: evaluat"),
            "target: dvc.yaml has no stage evaluat; it",
        ),
        (["rates.yaml", "--storage", "x"], ("", ""), "--storage: no database of Optuna answers at this address: Arg"),
    ],
)
def test_a_mistake_is_one_line(toy, capsys, arguments, changed, said):
    if "--storage" in arguments:
        pytest.importorskip("optuna", reason=OPTUNA)
    text = SEARCH.replace("TRIALS", "3").replace(*changed) if changed[0] else SEARCH.replace("TRIALS", "3")
    status, _, error = search(capsys, *arguments, text=text)
    assert status == 1 and error.startswith(said) and not Path(".logs").exists() or "--storage" in arguments


def test_values_that_the_recipe_refuses_are_named_before_anything_runs(folder, capsys, monkeypatch):
    """In a copy of the fouls pipeline's files."""
    root = Path(__file__).parents[2]
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(root / name, name)
    Toy(folder).run("git", "init", "--quiet")
    key = "keys: {training.batch_size: {kind: int, low: -4, high: 16}}\n"
    status, _, error = search(capsys, "rates.yaml", text=f"title: t\ntrials: 2\nobjective: {{metric: score}}\n{key}")
    assert status == 1 and error.startswith("rates.yaml: keys.training.batch_size: -4 is refused: training")
