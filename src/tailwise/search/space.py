"""Values of ranges: a trial's params, the values of a grid, and what must be valid before the first trial."""

import copy
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailwise.compare.lock import ABSENT, lookup
from tailwise.compare.revision import PARAMS, SEED
from tailwise.compare.sweeps.overrides import overrides
from tailwise.compare.sweeps.sweep import Cell, paths_of, set_value
from tailwise.core.errors import UserError
from tailwise.search.spec import Categorical, Float, Int, Range, Search, label

DIGITS = 4
"""Of a drawn number without a step: enough for a learning rate, and read at a glance."""

Values = Mapping[str, Any]
"""{dotted key: value}; of a choice its label."""


@dataclass(frozen=True)
class TrialCell(Cell):
    """The run of a trial: `label` is its number."""

    def __str__(self) -> str:
        return f"trial {self.label}"


def trial_cell(name: str, number: int, search: Search, values: Values, base: Mapping[str, Any]) -> TrialCell:
    """name: of its experiment; base: params.yaml, as nested dicts. Raises UserError for a key that is no part of it."""
    params = trial_params(search, values, base)
    return TrialCell(name, str(number), params["training"]["seed"], params, tuple(overrides(params, base)))


def trial_params(search: Search, values: Values, base: Mapping[str, Any]) -> dict[str, Any]:
    """The params of a trial, as nested dicts."""
    params = copy.deepcopy(dict(base))
    chosen = {key: value_of(search.keys[key], value) for key, value in values.items()}
    for key, value in {**search.params, **chosen}.items():
        for path in paths_of(key, search.phases):
            set_value(params, path, value)
    return params


def value_of(each: Range, value: Any) -> Any:
    """The value for params.yaml of what a study keeps."""
    return next(one for one in each.of if label(one) == value) if isinstance(each, Categorical) else value


def rounded(each: Range, value: Any) -> Any:
    """A drawn number with few digits, within its range; any other value as it is."""
    if not isinstance(each, Float) or each.step is not None:
        return value
    return min(max(float(f"{value:.{DIGITS}g}"), each.low), each.high)


def searched_keys(search: Search) -> list[str]:
    """All keys of params.yaml that trials differ in."""
    return [path for key in search.keys for path in paths_of(key, search.phases)]


def check_keys(file: Path, search: Search, base: Mapping[str, Any]) -> None:
    """Raise UserError for a key that params.yaml has not."""
    if lookup(base, SEED) is ABSENT:
        raise UserError(f"{PARAMS}: {SEED} is missing")
    given = [("keys", key) for key in search.keys] + [("params", key) for key in search.params]
    for where, key in given:
        for path in paths_of(key, search.phases):
            if lookup(base, path) is ABSENT:
                raise UserError(f"{file}: {where}.{key}: {PARAMS} has no {path}")


def grid(search: Search) -> list[dict[str, Any]]:
    """Each value with each; the last key changes first."""
    return [dict(zip(search.keys, values)) for values in itertools.product(*map(_listed, search.keys.values()))]


def extremes(search: Search) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, values of all keys) that reach the ends of each range and each choice, the other keys at their first."""
    first = {key: _ends(each)[0] for key, each in search.keys.items()}
    for key, each in search.keys.items():
        yield from ((key, {**first, key: value}) for value in _ends(each))


def wanted_trials(search: Search, asked: int | None = None) -> int:
    """How many trials there are to be: of a grid at most its cells. asked: on the command line"""
    limit = len(grid(search)) if search.sampler.kind == "grid" else None
    number = asked or search.trials or limit or 0
    return number if limit is None else min(number, limit)


def _ends(each: Range) -> list[Any]:
    return [label(value) for value in each.of] if isinstance(each, Categorical) else [each.low, each.high]


def _listed(each: Range) -> list[Any]:
    """All values of a range with a step."""
    if isinstance(each, Categorical):
        return _ends(each)
    if isinstance(each, Int):
        return list(range(each.low, each.high + 1, each.step))
    step = each.step or 1.0
    count = int((each.high - each.low) / step + 1e-9) + 1
    return [round(each.low + number * step, 12) for number in range(count)]
