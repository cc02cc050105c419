"""What the tokens of each stream tell of the class by themselves: nearest neighbours and a linear probe."""

from dataclasses import asdict, dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tailwise.data.video.store.tokens import PLAIN, Tokens
from tailwise.metrics.confusion import confusion, macro, recall

NEIGHBOURS = 5
MOST = 10_000
"""Clips of a split, evenly spaced in it."""
C = 0.01
"""Inverse strength of the probe's penalty, on standardised features."""


@dataclass(frozen=True)
class Quality:
    """Of one stream. width: numbers of a token; steps: tokens of a clip
    between: share of the variance of the clips' means that lies between classes, in [0, 1]
    dimensions: effective number of them, (sum of variances)^2 / sum of their squares along the principal axes
    nearest, linear: macro recall on validation of the 5 nearest training clips by cosine, and of logistic regression,
        on the clips' means over time; linear_in_order: on all tokens side by side, which knows their order
    """

    width: int
    steps: int
    between: float
    dimensions: float
    nearest: float
    linear: float
    linear_in_order: float


def stream_quality(train: Tokens, valid: Tokens, head: str) -> dict[str, dict[str, float]]:
    """{stream: `Quality`} from the plain pass of both splits."""
    known, asked = chosen(train), chosen(valid)
    labels, truth = train.labels(head)[known], valid.labels(head)[asked]
    return {
        name: asdict(quality_of(of_stream(train, name, known), labels, of_stream(valid, name, asked), truth))
        for name in train.facts.streams
    }


def chosen(split: Tokens) -> np.ndarray:
    """Places of at most MOST clips."""
    return np.unique(np.linspace(0, len(split) - 1, min(len(split), MOST)).round().astype(int))


def of_stream(split: Tokens, name: str, places: np.ndarray) -> np.ndarray:
    """(N, steps, D) float32: the plain pass, or the first view."""
    found = [split[place][1][name] for place in places.tolist()]
    return np.stack([each[PLAIN] if split.all_passes else each for each in found]).astype(np.float32)


def quality_of(known: np.ndarray, labels: np.ndarray, asked: np.ndarray, truth: np.ndarray) -> Quality:
    """known, asked: tokens (N, steps, D) of training and validation clips; labels, truth: their class ids"""
    classes, (_, steps, width) = int(max(labels.max(), truth.max())) + 1, known.shape
    means, others = known.mean(axis=1), asked.mean(axis=1)

    def told(model, fitted: np.ndarray, given: np.ndarray) -> float:
        return macro(recall(confusion(truth, model.fit(fitted, labels).predict(given), classes)))

    near = KNeighborsClassifier(min(NEIGHBOURS, len(known)), metric="cosine")
    figures = (
        told(near, means, others),
        told(linear(), means, others),
        told(linear(), known.reshape(len(known), -1), asked.reshape(len(asked), -1)),
    )
    return Quality(width, steps, between(means, labels), dimensions(means), *figures)


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, class_weight="balanced", max_iter=500))


def between(rows: np.ndarray, labels: np.ndarray) -> float:
    """Share of the variance of rows (N, D) that lies between the classes."""
    centred = rows - rows.mean(axis=0)
    total = float((centred**2).sum())
    means = [
        len(of) * (of.mean(axis=0) ** 2).sum() for label in np.unique(labels) if len(of := centred[labels == label])
    ]
    return float(sum(means)) / total if total else 0.0


def dimensions(rows: np.ndarray) -> float:
    """Effective number of dimensions that rows (N, D) spread over; 0 where all are the same."""
    variances = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
    return float(variances.sum() ** 2 / (variances**2).sum()) if variances.any() else 0.0
