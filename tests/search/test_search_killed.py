"""A search with DVC that is killed and goes on. Run alone with -s, it prints its figures."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from support.compare.toy import Toy, make_toy
from support.search.trained import FILES, SEARCH
from tailwise.compare.git import experiments

TRIALS = 20
STASHED = """
from dvc.repo import Repo
for name in ("rates-trial-019", "rates-trial-099"):
    experiments = Repo(".").experiments
    experiments.queue_one(experiments.tempdir_queue, params={"params.yaml": ["model.kind=bad"]}, name=name)
"""
"""What a kill leaves between an experiment's start and its copy: DVC would run it behind the next one."""


@pytest.mark.slow
def test_a_search_of_20_trials_that_is_killed_twice_loses_no_trial_and_runs_none_twice(tmp_path):
    pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")
    toy, log = make_toy(tmp_path / "toy", FILES), tmp_path / "log.txt"
    log.write_text("")
    toy.env["TRAINED_LOG"] = str(log)
    (toy.folder / "rates.yaml").write_text(SEARCH.replace("TRIALS", str(TRIALS)))
    for at in (5, 12):
        killed_while_trial_trains(toy, log, at)
    toy.run(sys.executable, "-c", STASHED)
    out = toy.run(*words())
    begun, ended = (
        Counter(line[len(word) :] for line in log.read_text().splitlines() if line.startswith(word))
        for word in ("begins ", "ends ")
    )
    found = trials(toy.folder)
    print(
        f"\n{len(found)} trials of 1 study, {len(experiments(toy.folder))} experiments; killed twice; "
        f"{sum(begun.values())} trainings begun, {sum(ended.values())} finished\n{out}"
    )
    assert [trial.number for trial in found] == list(range(TRIALS)) and {trial.state.name for trial in found} == {
        "COMPLETE"
    }
    assert sorted(experiments(toy.folder)) == [f"rates-trial-{number:03d}" for number in range(TRIALS)]
    wanted = Counter(f"{trial.params['model.kind']} {trial.params['model.rate']}" for trial in found)
    assert ended == wanted and set(wanted.values()) == {1}
    assert not begun - ended - Counter(dict.fromkeys(ended, 1)) and sum((begun - ended).values()) <= 2
    assert not list((toy.folder / ".dvc/tmp/exps/standalone").glob("tmp*"))
    best = max(found, key=lambda trial: trial.value)
    assert f"dvc exp apply rates-trial-{best.number:03d}" in out.splitlines()


def words() -> list[str]:
    return [sys.executable, "-m", "tailwise", "search", "rates.yaml", "--workers", "2"]


def killed_while_trial_trains(toy: Toy, log: Path, at: int) -> None:
    """kill -9 once this many trainings have finished and another one is at work."""
    with subprocess.Popen(words(), cwd=toy.folder, env=toy.env) as process:
        while process.poll() is None:
            lines = log.read_text().splitlines()
            ended = sum(line.startswith("ends ") for line in lines)
            if ended >= at and len(lines) - ended > ended:
                break
            time.sleep(0.02)
        assert process.poll() is None, "the search ended before it was killed"
        process.kill()


def trials(folder: Path):
    """Those of the only study that the search's storage has."""
    import optuna

    from tailwise.search.storage import FOLDER, make_storage

    storage = make_storage(folder / FOLDER / "rates", None)
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).trials
