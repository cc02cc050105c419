"""Revisions made by hand."""

import numpy as np

from tailwise.compare.revision import Revision
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions

CLASSES = ("a", "b")
HEAD = Head("tag", CLASSES)


def revision(name: str, seed: int = 1, params=None, recall=(0.5, 0.7), **other) -> Revision:
    """Of one head `tag` with classes a and b."""
    mean = sum(recall) / 2
    figures = {"tag.macro_recall": mean, "tag.macro_f1": mean - 0.1, "tag.loss": 1 - mean, "score": 100 * mean}
    figures |= {f"tag.recall.{each}": value for each, value in zip(CLASSES, recall)}
    usual = {"classes": {"tag": CLASSES}, "support": {"tag": {"a": 30, "b": 8}}, "own": ("score",)}
    return Revision(name, "0" * 40, dict(params or {"rate": 1}), seed, figures, **{**usual, **other})


def answers(hits, groups=None, targets=None) -> Predictions:
    """hits: (N,) whether each answer is right; targets: class ids, in turn a and b if None"""
    hits = np.asarray(hits, bool)
    targets = np.arange(len(hits)) % 2 if targets is None else np.asarray(targets)
    names = [f"s{i}" for i in range(len(hits))]
    groups = groups or [f"g{i // 2}" for i in range(len(hits))]
    return Predictions(HEAD, names, list(groups), targets, np.where(hits, targets, 1 - targets))
