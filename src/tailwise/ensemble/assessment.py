"""An ensemble against its best member and the plain average, on labels that nothing was chosen on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tailwise.core.errors import UserError
from tailwise.ensemble.agreement import Agreement, agreement
from tailwise.ensemble.greedy import ROUNDS, best_member, cross_fit, greedy
from tailwise.ensemble.pool import Answers, Pool
from tailwise.ensemble.scores import BY, By, Resampled, figures, outcomes, resample
from tailwise.evaluation.intervals import Interval
from tailwise.evaluation.limits import FEW_GROUPS, Names, limits, limits_of_groups, limits_of_sequences
from tailwise.evaluation.measure import Measured, measure

ENSEMBLE, BEST, PLAIN = 0, 1, 2
"""Models of `Assessment.measured`: the greedy ensemble, the best member, the average of all members."""


@dataclass(frozen=True)
class Options:
    """by: the figure that is selected by; equal: all weights are equal, nothing is selected"""

    by: By = "macro_recall"
    rounds: int = ROUNDS
    equal: bool = False

    def __post_init__(self):
        if self.rounds < 1:
            raise UserError(f"--rounds must be at least 1, found {self.rounds}")


@dataclass(frozen=True)
class Assessment:
    """What is told of an ensemble of M members with H heads.

    weights: (M,), 1 in sum; members: figures of each on all labels (M, 1 + H, 2), see `scores.figures`
    best: place of the best member on all labels; bests: in each fold
    measured: of ENSEMBLE, BEST and PLAIN, where ENSEMBLE and BEST are cross-fitted
    same: figures of the ensemble on the labels that its weights were chosen on (1 + H, 2)
    classes: {head: (of the ensemble, of the best member)}, cross-fitted; limits: sentences
    """

    pool: Pool
    options: Options
    weights: np.ndarray
    members: np.ndarray
    best: int
    bests: list[int]
    measured: Resampled
    same: np.ndarray
    agreements: dict[str, Agreement]
    classes: dict[str, tuple[Measured, Measured]]
    limits: list[str]

    @property
    def of(self) -> tuple[int, int]:
        """The figure that the members are selected by, in `measured`: of all heads together."""
        return 0, BY.index(self.options.by)

    def gain(self, model: int = ENSEMBLE) -> Interval:
        """A model's figure minus that of the best member, above 0 where the model is better."""
        found = self.measured.difference(model, BEST, self.of)
        return negated(found) if self.options.by == "log_loss" else found

    def wins(self, model: int = ENSEMBLE) -> bool:
        """Whether the interval of the gain is above 0; of fewer than FEW_GROUPS groups none says anything."""
        low = self.gain(model).low
        return low is not None and low > 0 and len(self.pool.groups) >= FEW_GROUPS


def assess(pool: Pool, options: Options, sample_name: str = "sample") -> Assessment:
    """Raises UserError for a split of one group."""
    counts = np.ones(len(pool.members)) if options.equal else greedy(pool, options.by, options.rounds)
    crossed = cross_fit(pool, options.by, options.rounds, options.equal)
    plain = pool.average(np.ones(len(pool.members)))
    classes = _classes(pool, crossed.ensemble, crossed.best)
    return Assessment(
        pool=pool,
        options=options,
        weights=counts / counts.sum(),
        members=np.array([figures(pool, outcomes(pool, pool.member(place))) for place in range(len(pool.members))]),
        best=best_member(pool, options.by),
        bests=crossed.bests,
        measured=resample(pool, [crossed.ensemble, crossed.best, plain]),
        same=figures(pool, outcomes(pool, pool.average(counts))),
        agreements={of_head.head.name: agreement(of_head) for of_head in pool.heads},
        classes=classes,
        limits=[*_of_decoding(pool), *_limits([own for own, _ in classes.values()], len(pool.groups), sample_name)],
    )


def negated(found: Interval) -> Interval:
    low, high = found.high, found.low
    return Interval(*(None if each is None else 0.0 - each for each in (found.value, low, high)))


def _classes(pool: Pool, own: Answers, best: Answers) -> dict[str, tuple[Measured, Measured]]:
    found = zip(pool.heads, own, best)
    return {of.head.name: (measure(of.answers(mine)), measure(of.answers(other))) for of, mine, other in found}


def _of_decoding(pool: Pool) -> list[str]:
    """What figures of the most probable classes leave out."""
    return [
        f"{head}: the answers of the runs are decoded; the figures here are of the most probable classes."
        for head in pool.decoded
    ]


def _limits(heads: Sequence[Measured], groups: int, sample_name: str) -> list[str]:
    """Classes with too few labels to measure, as the certificate says it."""
    lines = limits_of_groups(groups)
    for measured in heads:
        head, samples = measured.predictions.head.name, measured.samples
        if samples is None:
            lines += limits(head, measured.support, sample_name)
        else:
            lines += limits_of_sequences(head, samples, Names(sample_name))
    return lines
