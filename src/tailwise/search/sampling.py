"""Optuna's samplers and pruners, so that what a trial gets follows from its number and from the trials before.

A sampler of Optuna keeps a random state in its process: after a kill it would draw its first values again, and with
several workers the order of their calls would count. Here each draw has a generator of its own, of the search's seed,
the trial's number and the key.
"""

# pyright: reportMissingImports=false

import zlib
from typing import Any

from optuna import pruners
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from tailwise.search.space import grid, rounded
from tailwise.search.spec import (
    Categorical,
    Grid,
    Halving,
    Int,
    NoPruner,
    Percentile,
    Pruner,
    Random,
    Range,
    Search,
    label,
)


class NumberedSampler(BaseSampler):
    """Draws by trial numbers. A grid's trial is the cell of that number, so that no two workers get the same one."""

    def __init__(self, search: Search):
        self._search = search
        self._cells = grid(search) if isinstance(search.sampler, Grid) else []

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return {} if self._cells else self._drawing(trial, "").infer_relative_search_space(study, trial)

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        if self._cells:
            return {}
        drawn = self._drawing(trial, "").sample_relative(study, trial, search_space)
        return {key: rounded(self._search.keys[key], value) for key, value in drawn.items()}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        if self._cells:
            return self._cells[_place(study, trial) % len(self._cells)][param_name]
        drawing = self._drawing(trial, param_name)
        value = drawing.sample_independent(study, trial, param_name, param_distribution)
        return rounded(self._search.keys[param_name], value)

    def _drawing(self, trial: Any, key: str) -> BaseSampler:
        """A sampler of Optuna with the random state of this trial and key."""
        asked = self._search.sampler
        assert not isinstance(asked, Grid), "a cell of a grid is not drawn"
        seed = zlib.crc32(f"{asked.seed} {trial.number} {key}".encode())
        if isinstance(asked, Random):
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, n_startup_trials=asked.startup)


def _place(study: Any, trial: Any) -> int:
    """The trial's number among those with values of their own, which do not repeat a failed one."""
    before = (each for each in study.get_trials(deepcopy=False) if each.number < trial.number)
    return sum(not {"repeats", "surplus"} & each.user_attrs.keys() for each in before)


def make_pruner(asked: Pruner) -> pruners.BasePruner:
    if isinstance(asked, NoPruner):
        return pruners.NopPruner()
    if isinstance(asked, Halving):
        return pruners.SuccessiveHalvingPruner(min_resource=asked.warmup, reduction_factor=2)
    percent = asked.percent if isinstance(asked, Percentile) else 50.0
    return pruners.PercentilePruner(percent, n_startup_trials=asked.startup, n_warmup_steps=asked.warmup + 1)


def suggest_all(trial: Any, search: Search) -> dict[str, Any]:
    """{key: value} of a trial; values that it has already stay."""
    return {key: _suggested(trial, key, each) for key, each in search.keys.items()}


def _suggested(trial: Any, key: str, each: Range) -> Any:
    if isinstance(each, Categorical):
        return trial.suggest_categorical(key, [label(value) for value in each.of])
    suggest = trial.suggest_int if isinstance(each, Int) else trial.suggest_float
    return suggest(key, each.low, each.high, log=each.log, step=each.step)
