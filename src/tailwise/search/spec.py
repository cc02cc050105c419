"""A search: params keys with ranges, what is looked for, and how. Read from a file such as searches/rates.yaml."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tailwise.compare.direction import HIGHER, better
from tailwise.compare.revision import IGNORED, SEED
from tailwise.compare.sweeps.file import read_as
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""Of a file, without its ending: it begins the names of experiments."""


@dataclass(frozen=True)
class Float:
    """A number from low to high; log: drawn evenly in its logarithm; step: only low, low + step, ..."""

    kind: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self):
        _check_range(self.low, self.high, self.log, self.step)


@dataclass(frozen=True)
class Int:
    """An integer from low to high; log and step as of Float"""

    kind: Literal["int"]
    low: int
    high: int
    log: bool = False
    step: int = 1

    def __post_init__(self):
        _check_range(self.low, self.high, self.log, None if self.log and self.step == 1 else self.step)


@dataclass(frozen=True)
class Categorical:
    """One of these values, which may be sections, too."""

    kind: Literal["choice"]
    of: list

    def __post_init__(self):
        if not self.of:
            raise ValueError("of has no value")
        if len(set(map(label, self.of))) < len(self.of):
            raise ValueError("of has a value twice")


Range = Float | Int | Categorical


@dataclass(frozen=True)
class Objective:
    """metric: a validation figure by dotted name; direction: follows from the name of most figures"""

    metric: str
    direction: Literal["maximize", "minimize"] | None = None

    def __post_init__(self):
        if self.direction is None and better(self.metric) is None:
            raise ValueError(f"direction is missing: the name {self.metric} does not say what is better")

    @property
    def maximized(self) -> bool:
        return self.direction == "maximize" if self.direction else better(self.metric) == HIGHER


@dataclass(frozen=True)
class Tpe:
    """The next trial is where others were good. startup: trials that are drawn at random"""

    kind: Literal["tpe"] = "tpe"
    seed: int = 1
    startup: int = 10

    def __post_init__(self):
        if self.startup < 0:
            raise ValueError("startup must be at least 0")


@dataclass(frozen=True)
class Random:
    kind: Literal["random"] = "random"
    seed: int = 1


@dataclass(frozen=True)
class Grid:
    """Each value with each, in order."""

    kind: Literal["grid"] = "grid"


Sampler = Tpe | Random | Grid
"""Where the next trial is."""


@dataclass(frozen=True)
class NoPruner:
    """All trials run to the end."""

    kind: Literal["none"] = "none"


@dataclass(frozen=True)
class ByEpoch:
    """Of all pruners. warmup: epochs before a trial may be ended, all phases counted

    column: of the epochs.csv of the stages that train; score is what chooses the best epoch
    """

    warmup: int = 5
    column: str = "score"

    def __post_init__(self):
        if self.warmup < 1:
            raise ValueError("warmup must be at least 1")
        if better(self.figure) is None:
            raise ValueError(f"column: the name {self.column} does not say what is better")

    @property
    def figure(self) -> str:
        """The column as a dotted name: of severity_macro_recall, its last words decide."""
        return self.column.replace("_", ".")


@dataclass(frozen=True)
class Halving(ByEpoch):
    """Successive halving: the better half of the trials goes on, at `warmup`, 2, 4, 8, ... times as many epochs."""

    kind: Literal["halving"] = "halving"


@dataclass(frozen=True)
class ByOthers(ByEpoch):
    """By the figures of other trials at the same epoch. startup: trials that are finished before the first is ended"""

    startup: int = 5

    def __post_init__(self):
        super().__post_init__()
        if self.startup < 0:
            raise ValueError("startup must be at least 0")


@dataclass(frozen=True)
class Median(ByOthers):
    """Ends what is worse than the median."""

    kind: Literal["median"] = "median"


@dataclass(frozen=True)
class Percentile(ByOthers):
    """Ends what is not among the best `percent`."""

    kind: Literal["percentile"] = "percentile"
    percent: float = 25.0

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.percent <= 100:
            raise ValueError("percent must be from 0 to 100")


Pruner = NoPruner | Median | Percentile | Halving
"""Which trials are ended early, by a column of the epochs.csv of the stages that train."""


@dataclass(frozen=True)
class Search:
    """A file such as searches/rates.yaml.

    title: for people; trials: how many, of a grid all if absent; target: the last stage that is run
    keys: {dotted key of params.yaml: its range}; params: {dotted key: value} of all trials
    phases: names of the phases, which ``phases.`` in a key stands for
    """

    title: str
    objective: Objective
    keys: dict[str, Range]
    trials: int | None = None
    target: str = "evaluate"
    sampler: Sampler = Tpe()
    pruner: Pruner = NoPruner()
    params: dict = field(default_factory=dict)
    phases: list[str] = field(default_factory=list)

    def __post_init__(self):
        if not self.keys:
            raise ValueError("keys: there is none to search over")
        for key in {*self.keys, *self.params}:
            if key.split(".")[0] in IGNORED:
                raise ValueError(f"{key} cannot change a validation figure")
        if SEED in self.keys:
            raise ValueError(f"keys: the best {SEED} would be the luckiest: see `tailwise compare` for seeds")
        self._check_trials()

    def _check_trials(self):
        if self.trials is None and self.sampler.kind != "grid":
            raise ValueError(f"trials is missing, which the sampler {self.sampler.kind} needs")
        if self.trials is not None and self.trials < 1:
            raise ValueError(f"trials must be at least 1, found {self.trials}")
        if self.sampler.kind == "grid":
            for key, each in self.keys.items():
                if not isinstance(each, Categorical) and (each.log or each.step is None):
                    raise ValueError(f"keys.{key}: a grid needs choices, or a step and no log")


def read_search(file: Path) -> Search:
    """Raises UserError for what is wrong with it, with the file and the dotted key."""
    if not NAME.fullmatch(file.stem):
        raise UserError(f"{file}: the name has characters besides letters, digits, dots, - and _")
    return read_as(Search, file, read_file)


def label(value: Any) -> str:
    """A value of a choice as text, by which a study knows it."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _check_range(low: float, high: float, log: bool, step: float | None) -> None:
    if low > high:
        raise ValueError(f"low must not be above high, found {low:g} and {high:g}")
    if log and low <= 0:
        raise ValueError(f"low must be above 0 with log, found {low:g}")
    if step is not None and (log or step <= 0):
        raise ValueError("step must be above 0, and absent with log")
