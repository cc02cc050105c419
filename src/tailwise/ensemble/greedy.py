"""Weights of an ensemble by greedy selection, and what they are worth on samples that they were not chosen on.

Source: Caruana et al. 2004, Ensemble selection from libraries of models, https://doi.org/10.1145/1015330.1015432
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tailwise.core.errors import UserError
from tailwise.ensemble.pool import Answers, Pool
from tailwise.ensemble.scores import By, score

ROUNDS, FOLDS = 25, 5


def greedy(pool: Pool, by: By, rounds: int = ROUNDS) -> np.ndarray:
    """(M,) how often each member was taken, in sum 1 to `rounds`.

    Each round adds the member, which may be there already, with which the average of probabilities scores best. The
    first of the best rounds counts: one more copy of the same answers is no gain. Ties go to the lower log loss, then
    to the earlier member.
    """
    counts = found = np.zeros(len(pool.members), int)
    sums: Answers = [np.zeros(of_head.probabilities.shape[1:]) for of_head in pool.heads]
    best = (-np.inf, -np.inf)
    for taken in range(1, rounds + 1):
        scores = [score(pool, _mean(sums, pool.member(place), taken), by) for place in range(len(counts))]
        place = max(range(len(counts)), key=scores.__getitem__)
        counts = counts + (np.arange(len(counts)) == place)
        sums = _mean(sums, pool.member(place), 1)
        if scores[place] > best or taken == 1:
            best, found = scores[place], counts
    return found


def _mean(sums: Answers, more: Answers, count: int) -> Answers:
    return [(of_head + added) / count for of_head, added in zip(sums, more)]


def best_member(pool: Pool, by: By) -> int:
    """The place of the member with the best score; of equal ones the first."""
    scores = [score(pool, pool.member(place), by) for place in range(len(pool.members))]
    return max(range(len(scores)), key=scores.__getitem__)


@dataclass(frozen=True)
class CrossFit:
    """Answers to every label by what was chosen on the groups of the other folds.

    ensemble, best: of the greedy selection, and of the best member; bests: its place in each fold
    """

    ensemble: Answers
    best: Answers
    bests: list[int]


def cross_fit(pool: Pool, by: By, rounds: int = ROUNDS, equal: bool = False) -> CrossFit:
    """equal: weights are all equal, nothing is selected. Raises UserError for a split of fewer than 2 groups."""
    ensemble, best = ([np.zeros(of.probabilities.shape[1:]) for of in pool.heads] for _ in range(2))
    bests: list[int] = []
    for held_out in folds(pool):
        inside = pool.within(held_out)
        others = pool.take([~mask for mask in inside])
        weights = np.ones(len(pool.members)) if equal else greedy(others, by, rounds)
        bests.append(best_member(others, by))
        for place, (of_head, mask) in enumerate(zip(pool.heads, inside)):
            ensemble[place][mask] = of_head.take(mask).average(weights)
            best[place][mask] = of_head.probabilities[bests[-1], mask]
    return CrossFit(ensemble, best, bests)


def folds(pool: Pool, count: int = FOLDS) -> list[set[str]]:
    """The groups in `count` folds of about equal size, fewer for fewer groups; UserError for one group.

    scikit-learn's GroupKFold sorts equal sizes in an order that may differ between processors; here it is by name.
    """
    sizes = Counter(group for of_head in pool.heads for group in of_head.first.groups)
    if len(sizes) < 2:
        raise UserError("validation has one group: weights cannot be chosen on other groups than they are scored on")
    found: list[set[str]] = [set() for _ in range(min(count, len(sizes)))]
    filled = [0] * len(found)
    for name in sorted(sizes, key=lambda group: (-sizes[group], group)):
        place = filled.index(min(filled))
        found[place].add(name)
        filled[place] += sizes[name]
    return found
