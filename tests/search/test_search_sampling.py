"""What a trial gets follows from the search's seed, its number and the trials before, not from the process."""

from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")

from tailwise.search.claims import repeat_failed  # noqa: E402
from tailwise.search.sampling import make_pruner, suggest_all  # noqa: E402
from tailwise.search.space import grid  # noqa: E402
from tailwise.search.spec import (  # noqa: E402
    Categorical,
    Float,
    Grid,
    Halving,
    Int,
    Median,
    NoPruner,
    Objective,
    Percentile,
    Random,
    Search,
    Tpe,
)
from tailwise.search.storage import make_storage, open_study  # noqa: E402

RANGES = {"a": Float("float", 1e-4, 1.0, log=True), "b": Int("int", 1, 9), "c": Categorical("choice", ["x", "y", "z"])}
STEPS = {"b": Int("int", 1, 3), "c": Categorical("choice", ["x", "y"])}
FAIL = optuna.trial.TrialState.FAIL


def make(kind: str, keys=RANGES, seed: int = 1) -> Search:
    samplers = {"tpe": Tpe(seed=seed, startup=4), "random": Random(seed=seed), "grid": Grid()}
    return Search("t", Objective("loss"), keys, 20, sampler=samplers[kind])


def study_of(search: Search, folder: Path = Path("state")):
    return open_study(make_storage(folder, None), "t", Path("t.yaml"), search, {"training": {"seed": 1}})


def draw(study, search: Search, count: int) -> None:
    """Trials whose loss is the value of `a`."""
    for _ in range(count):
        trial = study.ask()
        study.tell(trial, float(suggest_all(trial, search).get("a", 0)))


@pytest.mark.parametrize("kind", ["tpe", "random"])
def test_a_search_in_two_processes_draws_what_one_process_draws(folder, kind):
    search = make(kind)
    draw(whole := study_of(search, Path("whole")), search, 12)
    for _ in range(2):  # a sampler and a storage of their own
        draw(study_of(search), search, 6)
    found = [trial.params for trial in study_of(search).trials]
    assert found == [trial.params for trial in whole.trials] and len({str(values) for values in found}) == 12


def test_another_seed_draws_other_values_and_keys_are_drawn_apart(folder):
    two = {"a": Float("float", 0, 1), "b": Float("float", 0, 1)}
    drawn = []
    for seed in (1, 2):
        search = make("random", two, seed)
        draw(study := study_of(search, Path(str(seed))), search, 5)
        drawn.append([trial.params for trial in study.trials])
    assert drawn[0] != drawn[1] and all(values["a"] != values["b"] for values in drawn[0])


def test_tpe_draws_more_often_where_trials_were_good(folder):
    search = make("tpe")
    draw(study := study_of(search), search, 24)
    values = [trial.params["a"] for trial in study.trials]
    assert sorted(values[12:])[6] < sorted(values[:12])[6]


def test_a_grid_covers_all_its_cells_once_also_where_a_trial_is_repeated(folder):
    search = make("grid", STEPS)
    study = study_of(search)
    for number in range(4):
        trial = study.ask()
        suggest_all(trial, search)
        study.tell(trial, *([0.5] if number != 2 else []), **({"state": FAIL} if number == 2 else {}))
    assert repeat_failed(study) == 1 and repeat_failed(study) == 0
    draw(study, search, 3)
    done = [trial.params for trial in study.trials if trial.state != FAIL]
    assert len(done) == 6 and all(cell in done for cell in grid(search))


def test_a_trial_that_has_its_values_keeps_them(folder):
    search = make("random")
    trial = study_of(search).ask()
    first = suggest_all(trial, search)
    study = study_of(make("random", seed=1))
    assert suggest_all(optuna.trial.Trial(study, trial._trial_id), search) == first


def test_each_pruner_ends_a_trial_that_is_worse_than_the_others(folder):
    for asked in (Median(startup=2, warmup=2), Percentile(startup=2, warmup=2, percent=50), Halving(warmup=2)):
        study = optuna.create_study(direction="maximize", pruner=make_pruner(asked))
        ended = [reported(study, height) for height in (1.0, 0.9, 0.8, 0.1)]
        assert not ended[0] and ended[3], asked
    study = optuna.create_study(direction="maximize", pruner=make_pruner(NoPruner()))
    assert not any(reported(study, height) for height in (1.0, 0.9, 0.1))


def reported(study, height: float) -> bool:
    """Whether a trial with this curve is ended."""
    trial = study.ask()
    for epoch in range(1, 7):
        trial.report(height * epoch, epoch)
        if trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return True
    study.tell(trial, height)
    return False
