"""A search with DVC that is killed and goes on. Alone it prints its figures: TRIALS=20 pytest -s FILE"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.compare.toy import Toy, make_toy
from support.search.trained import FILES, SEARCH
from tailwise.compare.git import experiments
from tailwise.search.curves import find_copy

TRIALS, WORKERS = int(os.environ.get("TRIALS", "8")), 2
STASHED = f"""
from dvc.repo import Repo
for name in ("rates-trial-{TRIALS - 1:03d}", "rates-trial-099"):
    experiments = Repo(".").experiments
    experiments.queue_one(experiments.tempdir_queue, params={{"params.yaml": ["model.kind=bad"]}}, name=name)
"""
"""What a kill leaves between an experiment's start and its copy: DVC would run it behind the next one."""


@pytest.mark.slow
def test_a_search_that_is_killed_twice_loses_no_trial_and_runs_none_twice(tmp_path):
    """None whose experiment is there begins again. A training that DVC had not recorded at the kill may."""
    pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")
    toy, log = make_toy(tmp_path / "toy", FILES), tmp_path / "log.txt"
    log.write_text("")
    toy.env["TRAINED_LOG"] = str(log)
    (toy.folder / "rates.yaml").write_text(SEARCH.replace("TRIALS", str(TRIALS)))
    kills = [killed_while_trial_trains(toy, log, at) for at in (TRIALS // 4, TRIALS * 3 // 5)]
    toy.run(sys.executable, "-c", STASHED)
    out = toy.run(*words())
    begun = [line.removeprefix("begins ") for line in log.read_text().splitlines() if line.startswith("begins ")]
    found = trials(toy.folder)
    values = {
        each.user_attrs["experiment"]: f"{each.params['model.kind']} {each.params['model.rate']}" for each in found
    }
    again = [name for done, count in kills for name in done if values[name] in begun[count:]]
    print(
        f"\n{len(found)} trials of 1 study, {len(experiments(toy.folder))} experiments; killed twice, at "
        f"{' and '.join(str(len(done)) for done, _ in kills)} experiments, of which {len(again)} were run again; "
        f"{len(begun)} trainings begun\n{out}"
    )
    assert again == [] and TRIALS <= len(begun) <= TRIALS + WORKERS * len(kills)
    assert [each.number for each in found] == list(range(TRIALS))
    assert {each.state.name for each in found} == {"COMPLETE"} and set(begun) == set(values.values())
    assert sorted(experiments(toy.folder)) == [f"rates-trial-{number:03d}" for number in range(TRIALS)]
    assert not [name for name in values if find_copy(toy.folder, name)]
    best = max(found, key=lambda each: each.value)
    assert f"dvc exp apply rates-trial-{best.number:03d}" in out.splitlines()


def words() -> list[str]:
    return [sys.executable, "-m", "tailwise", "search", "rates.yaml", "--workers", str(WORKERS)]


def killed_while_trial_trains(toy: Toy, log: Path, at: int) -> tuple[set[str], int]:
    """kill -9 once this many experiments are there and a training is at work; they, and the trainings begun so far."""
    with subprocess.Popen(words(), cwd=toy.folder, env=toy.env) as process:
        while process.poll() is None:
            lines = log.read_text().splitlines()
            begun = sum(line.startswith("begins ") for line in lines)
            if 2 * begun > len(lines) and len(experiments(toy.folder)) >= at:
                break
            time.sleep(0.05)
        assert process.poll() is None, "the search ended before it was killed"
        process.kill()
    time.sleep(2)  # DVC and its stages die with it
    lines = log.read_text().splitlines()
    return set(experiments(toy.folder)), sum(line.startswith("begins ") for line in lines)


def trials(folder: Path):
    """Those of the only study that the search's storage has."""
    import optuna

    from tailwise.search.storage import FOLDER, make_storage

    storage = make_storage(folder / FOLDER / "rates", None)
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).trials
