"""Members of ensembles, made by hand."""

import numpy as np

from tailwise.core.heads import Head
from tailwise.ensemble.pool import Pool, make_pool
from tailwise.metrics.predictions import Predictions

HEAD = Head("tag", ("a", "b", "c"))


def told(probabilities, targets, head: Head = HEAD, groups=None, **other) -> Predictions:
    """Most probable answers. probabilities: (N, C); groups: two samples each if None"""
    likely, targets = np.asarray(probabilities, float), np.asarray(targets)
    names = [f"s{i}" for i in range(len(targets))]
    groups = groups or [f"g{i // 2}" for i in range(len(targets))]
    answers = {"predicted": likely.argmax(axis=1), **other}
    return Predictions(head, names, groups, targets, probabilities=likely, **answers)


def pool_of(**members: Predictions) -> Pool:
    return make_pool({name: {found.head.name: found} for name, found in members.items()})


def weak_at(classes, targets: np.ndarray, seed: int, share: float = 0.6) -> Predictions:
    """A member that misses a share of these classes, less surely than it is right on the others."""
    rng = np.random.default_rng(seed)
    missed = np.isin(targets, classes) & (rng.random(len(targets)) < share)
    answered = np.where(missed, (targets + rng.integers(1, 3, len(targets))) % 3, targets)
    sure = np.where(missed, 0.6, 0.8)
    likely = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
    likely[np.arange(len(targets)), answered] = sure
    return told(likely, targets)
