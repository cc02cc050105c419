"""Trials run by workers, with a stand-in for DVC that keeps experiments in memory."""

import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")

from tailwise.compare.sweeps.costs import Watch  # noqa: E402
from tailwise.core.errors import UserError  # noqa: E402
from tailwise.search import follow, trials  # noqa: E402
from tailwise.search.claims import Claims  # noqa: E402
from tailwise.search.curves import Curve  # noqa: E402
from tailwise.search.follow import PRUNED  # noqa: E402
from tailwise.search.spec import Float, Median, NoPruner, Objective, Pruner, Random, Search  # noqa: E402
from tailwise.search.storage import make_storage, open_study  # noqa: E402
from tailwise.search.trials import NAME, REASON, Trials  # noqa: E402

BASE = {"rate": 1.0, "training": {"seed": 1}}
KEYS = {"rate": Float("float", 0.0, 1.0)}


class Killed(BaseException):
    """As a kill: nothing is told to the study."""


class Stand:
    """Of `Runner`. what: does something with a trial's number and its follower; kept: {experiment: its figure}"""

    def __init__(self, kept: dict, what=None):
        self.kept, self.what, self.ran = kept, what or (lambda number, follower: None), Counter()
        self.shared_done, self.stopped, self.stop = threading.Event(), threading.Event(), lambda: self.stopped.set()

    def run(self, cell, beside, ended):
        self.ran[cell.name] += 1
        reason = self.what(int(cell.label), beside)
        if reason is None:
            self.kept[cell.name] = cell.params["rate"]
        return reason


@pytest.fixture
def start(folder, monkeypatch):
    """Makes the trials of a study, as a new process does."""
    kept: dict[str, float] = {}

    def read(folder, cell, there):
        if cell.name not in kept:
            return None
        return SimpleNamespace(figures={"score": kept[cell.name]}, commit="c")

    monkeypatch.setattr(trials, "read_done", read)
    monkeypatch.setattr(trials, "experiments", lambda folder: {})

    def make(what=None, count: int = 6, pruner: Pruner | None = None):
        search = Search("t", Objective("score"), KEYS, count, sampler=Random(), pruner=pruner or NoPruner())
        study = open_study(make_storage(folder / "state", None), "t", Path("t.yaml"), search, BASE)
        runner, said = Stand(kept, what), []
        curves = [Curve("train", "epochs.csv")]
        claims = Claims(study, search, folder / "state", count)
        return Trials(folder, search, BASE, claims, runner, curves, said.append), said

    return make


def test_workers_run_each_trial_once(start):
    made, said = start(count=12)
    made.run_all(4)
    found = made.claims.study.trials
    assert Counter(made.runner.ran.values()) == {1: 12} and len(made.runner.ran) == 12 and made.failed == {}
    assert all(trial.value == trial.params["rate"] for trial in found)
    assert [trial.user_attrs[NAME] for trial in found] == [f"t-trial-{number:03d}" for number in range(12)]
    assert sum(": begins: rate=" in line for line in said) == 12


def test_workers_run_at_the_same_time_once_the_first_trial_is_done(start):
    both = threading.Barrier(2, timeout=20)
    made, _ = start(lambda number, follower: None if number == 0 else (both.wait(), None)[1], count=3)
    made.run_all(2)
    assert len(made.runner.ran) == 3 and made.failed == {}


def test_a_search_that_was_killed_goes_on_where_it_was(start):
    def killed(number, follower):
        if number == 3:
            raise Killed

    with pytest.raises(Killed):
        start(killed)[0].run_all(1)
    made, said = start()
    made.run_all(1)
    assert [trial.number for trial in made.claims.study.trials] == list(range(6))
    assert set(made.runner.ran) == {"t-trial-003", "t-trial-004", "t-trial-005"}
    assert said[0].startswith("trial 3: goes on: rate=")


def test_an_experiment_that_the_study_was_not_told_of_is_read_and_not_run(start):
    made, _ = start(count=1)
    claimed = made.claims.take()
    made.runner.kept["t-trial-000"] = 0.25
    claimed.release()
    made, said = start(count=1)
    made.run_all(1)
    assert not made.runner.ran and made.claims.study.trials[0].value == 0.25 and said == ["trial 0: score 0.25"]


def test_a_trial_that_fails_is_told_and_the_others_go_on(start):
    made, _ = start(lambda number, follower: "no memory" if number == 2 else None)
    made.run_all(1)
    failed = made.claims.study.trials[2]
    assert made.failed == {2: "no memory"} and failed.state.name == "FAIL" and failed.user_attrs[REASON] == "no memory"
    assert sum(trial.state.name == "COMPLETE" for trial in made.claims.study.trials) == 5


def test_a_trial_that_another_machine_finished_meanwhile_is_left_to_it(start):
    made, said = start(
        lambda number, follower: made.claims.study.tell(0, 0.5) and None if number == 0 else None, count=2
    )
    made.run_all(1)
    assert "trial 0: another machine has finished it" in said and made.claims.study.trials[1].state.name == "COMPLETE"


def test_an_experiment_that_is_there_counts_also_where_dvc_failed_then(start):
    made, _ = start(lambda number, follower: made.runner.kept.setdefault("t-trial-000", 0.5) and "locked", count=1)
    made.run_all(1)
    assert made.claims.study.trials[0].value == 0.5 and made.failed == {}


def test_a_search_whose_trials_all_fail_stops(start):
    made, _ = start(lambda number, follower: "wrong")
    with pytest.raises(UserError, match="^3 trials failed in a row, trial 2: wrong; `--retry` repeats them$"):
        made.run_all(1)
    assert len(made.claims.study.trials) == 3


def test_a_pruned_trial_is_no_failure_and_ends_a_row_of_them(start):
    def run(number, follower):
        if number == 2:
            follower.trial.set_user_attr(PRUNED, 1)
        return "wrong"

    made, _ = start(run, count=5)
    made.run_all(1)
    assert sorted(made.failed) == [0, 1, 3, 4] and made.claims.study.trials[2].state.name == "PRUNED"


def test_an_experiment_without_the_objective_fails(start):
    made, _ = start(lambda number, follower: made.runner.kept.update({f"t-trial-{number:03d}": None}) or "x", count=1)
    made.runner.kept["t-trial-000"] = None
    made.run_all(1)
    assert made.failed == {0: "its figures have no score"}


class Process:
    """Ends when it is interrupted."""

    pid = -1


@pytest.fixture
def curve(monkeypatch):
    """What a running trial's file says, by rate; whoever interrupts a process is noted."""
    ended = []
    monkeypatch.setattr(follow, "interrupt", lambda process, number=2: ended.append(number))
    monkeypatch.setattr(follow, "find_copy", lambda folder, name: Path("copy"))
    return ended


def pruned_run(heights):
    """A run that looks at its curve once; the reason that DVC would give if it was interrupted."""

    def run(number, follower):
        follow.read_curve = lambda *_: [heights[number] * epoch for epoch in range(1, 5)]
        return "failed to reproduce" if follower.look({"train"}) else None

    return run


def test_a_trial_that_is_worse_than_the_others_is_ended_and_recorded_as_pruned(start, curve, monkeypatch):
    monkeypatch.setattr(follow, "read_curve", None)
    made, said = start(pruned_run([1, 1, 0.1, 1, 0.2, 2]), pruner=Median(startup=2, warmup=2))
    made.run_all(1)
    states = [trial.state.name for trial in made.claims.study.trials]
    assert states == ["COMPLETE", "COMPLETE", "PRUNED", "COMPLETE", "PRUNED", "COMPLETE"] and made.failed == {}
    assert made.claims.study.trials[2].user_attrs[PRUNED] == 3 and "trial 2: pruned in epoch 3" in said


def test_a_pruned_trial_whose_process_was_killed_before_the_study_knew_is_not_run_again(start):
    made, _ = start(count=1)
    claimed = made.claims.take()
    claimed.trial.report(0.1, 4)
    claimed.trial.set_user_attr(PRUNED, 4)
    claimed.release()
    made, _ = start(count=1)
    made.run_all(1)
    assert not made.runner.ran and made.claims.study.trials[0].state.name == "PRUNED"


def test_a_loss_is_pruned_where_its_score_is_low(start, curve, monkeypatch):
    """The objective is low, the curve high."""
    monkeypatch.setattr(follow, "read_curve", lambda *_: [0.5, 0.6])
    made, _ = start(count=1, pruner=Median())
    object.__setattr__(made.search, "objective", Objective("loss"))
    follower = follow.Follower(made.claims.take().trial, "n", made.search, Path("."), made.claims, made.curves)
    follower.look({"train"})
    assert made.claims.study.trials[0].intermediate_values == {1: -0.5, 2: -0.6}


def test_a_follower_reports_each_epoch_once_and_ends_the_run(start, curve, monkeypatch):
    rows = [0.1]
    monkeypatch.setattr(follow, "read_curve", lambda *_: list(rows))
    made, _ = start(count=1, pruner=Median())
    trial = made.claims.take().trial
    follower = follow.Follower(trial, "n", made.search, Path("."), made.claims, made.curves, look_s=0.01)
    monkeypatch.setattr(trial, "should_prune", lambda: len(rows) > 1)
    watch = Watch()
    with follower(Process(), watch) as following:
        watch.see("Running stage 'train':")
        while not made.claims.study.trials[0].intermediate_values:
            pass
        rows.append(0.2)
        while not curve:
            pass
        following._over.set()
    assert follower.ended and follower.pruned and curve == [2]
    assert made.claims.study.trials[0].intermediate_values == {1: 0.1, 2: 0.2}
    assert made.claims.study.trials[0].user_attrs["seconds"] >= 0
