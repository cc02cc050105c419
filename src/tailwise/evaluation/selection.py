"""Which of several trained models is taken: a choice on validation by the one-standard-error rule. Pure functions.

The first model in order of preference whose figure is at most one standard error below the best one's. The error is
that of their difference: all models are resampled by the same draws of groups, so that what is hard for all cancels.
Source of the rule: Breiman, Friedman, Olshen and Stone, 1984, section 3.4.3, https://doi.org/10.1201/9781315139470
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.evaluation.intervals import DRAWS, SEED, SINGLE, class_figures, count_classes, group_weights
from tailwise.evaluation.limits import Names, limits_of_groups
from tailwise.evaluation.measure import Measured, count_groups
from tailwise.metrics.confusion import macro
from tailwise.metrics.labels import readable
from tailwise.metrics.predictions import Predictions

Answers = Mapping[str, Predictions]
"""{head: a model's predictions on validation}"""


@dataclass(frozen=True)
class Selection:
    """How the model is chosen.

    candidates: names of phases in order of preference; []: all, the last first
    standard_errors: a preferred model may be this many below the best; 0: the best is taken
    """

    candidates: tuple[str, ...] = ()
    standard_errors: float = 1.0

    def __post_init__(self):
        if self.standard_errors < 0:
            raise ValueError(f"standard_errors must not be negative, found {self.standard_errors:g}")
        if len(set(self.candidates)) < len(self.candidates):
            raise ValueError("candidates names a phase twice")

    def of(self, phases: Sequence[str]) -> list[str]:
        """The phases to choose from, in order of preference. phases: of the pipeline, in that order"""
        return list(self.candidates or phases)


@dataclass(frozen=True)
class Candidate:
    """value: its figure, the mean over heads; behind: the best one's minus its; error: standard error of `behind`"""

    name: str
    value: float
    behind: float
    error: float


@dataclass(frozen=True)
class Choice:
    """candidates: in order of preference; figure: the name of what was compared; standard_errors: as in `Selection`"""

    chosen: str
    best: str
    figure: str
    standard_errors: float
    candidates: tuple[Candidate, ...]

    def to_json(self) -> dict[str, Any]:
        """With numbers of six digits, so that the last bits of a sum do not count as a change."""
        rows = [{name: rounded(value) for name, value in asdict(row).items()} for row in self.candidates]
        return {**asdict(self), "candidates": rows}

    def of(self, name: str) -> Candidate:
        return next(row for row in self.candidates if row.name == name)

    @property
    def reason(self) -> str:
        """Why this one, in a sentence."""
        if len(self.candidates) < 2:
            return f"{self.chosen}: the only candidate."
        title, row = readable(self.figure), self.of(self.chosen)
        if self.chosen == self.best:
            return f"{self.chosen}: the best {title} on validation, {row.value:.3f}."
        errors = f"{self.standard_errors:g} standard error{'s' * (self.standard_errors != 1)}"
        return (
            f"{self.chosen}: its {title}, {row.value:.3f}, is {row.behind:.3f} below that of {self.best}, no more than "
            f"{errors} of the difference ({row.error:.3f}): it is preferred."
        )


def rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def choose(models: Mapping[str, Answers], figure: str, standard_errors: float = 1.0) -> Choice:
    """The choice among models, in order of preference, by a figure of `intervals`, its mean over the heads.

    Raises UserError for another figure, and for models that have answered different samples.
    """
    if figure not in SINGLE:
        raise UserError(f"a model is selected by one of {', '.join(SINGLE)}, not by {figure}")
    check_same_samples(models)
    scores = {name: figure_of_draws(answers, figure) for name, answers in models.items()}
    best = max(scores, key=lambda name: np.nan_to_num(scores[name][0], nan=-np.inf))
    rows = tuple(compared(name, scores[name], scores[best]) for name in models)
    chosen = next(row.name for row in rows if row.behind <= standard_errors * row.error or row.name == best)
    return Choice(chosen, best, figure, standard_errors, rows)


def only(name: str) -> Choice:
    """The choice where there is none: nothing is measured."""
    return Choice(name, name, "", 0.0, ())


def limits_of_answers(answers: Answers, sample_name: str) -> list[str]:
    """What the split is too small to tell, as sentences. sample_name: the word for one sample"""
    names = Names(sample_name)
    of_heads = [line for found in answers.values() for line in Measured(found, found.matrix, {}).limits(names)]
    return [*limits_of_groups(count_groups(answers.values())), *of_heads]


def compared(name: str, own: np.ndarray, best: np.ndarray) -> Candidate:
    """A model beside the best. own, best: (1 + draws,), from `figure_of_draws`"""
    behind = best - own
    return Candidate(name, float(own[0]), float(behind[0]), float(np.nanstd(behind[1:], ddof=1)))


def figure_of_draws(answers: Answers, figure: str) -> np.ndarray:
    """(1 + DRAWS,): the mean over heads of a figure, first on the split itself, then with its groups resampled."""
    names, rows = np.unique(list(all_groups(answers.values())), return_inverse=True)
    groups = np.split(rows, np.cumsum([len(found) for found in answers.values()])[:-1])
    weights = [np.ones(len(names)), *group_weights(len(names), DRAWS, SEED)]
    return np.array([weighted(answers, groups, of_draw, figure) for of_draw in weights])


def weighted(answers: Answers, groups: Sequence[np.ndarray], weights: np.ndarray, figure: str) -> float:
    """Mean over heads of a figure. groups: of each head's rows, as ids; weights: of each group"""
    return macro(np.array([of_head(*pair, weights, figure) for pair in zip(answers.values(), groups)]))


def of_head(found: Predictions, group: np.ndarray, weights: np.ndarray, figure: str) -> float:
    classes = len(found.head.classes)
    kept = found.targets >= 0
    counts = count_classes(found.targets[kept], found.predicted[kept], weights[group[kept]], classes)
    return class_figures(counts, np.arange(classes))[figure]


def all_groups(found: Iterable[Predictions]) -> Iterable[str]:
    """The groups of all rows, head after head."""
    return (group for of_head in found for group in of_head.groups)


def check_same_samples(models: Mapping[str, Answers]) -> None:
    first, *others = models.values()
    for name, answers in zip(list(models)[1:], others):
        for head, found in answers.items():
            if list(found.samples) != list(first[head].samples):
                raise UserError(f"{name}: its answers for {head} are of other samples: evaluate all on one split")
