"""Labels that are probably wrong: confident learning on answers of models that were not trained on the samples.

Source: Northcutt, Jiang, Chuang: Confident Learning, 2021, https://arxiv.org/abs/1911.00068
"""

from dataclasses import dataclass

import numpy as np

from tailwise.metrics.predictions import Predictions


@dataclass(frozen=True)
class Suspect:
    """A label that the model confidently contradicts.

    label, other: the class given and the class that the model is sure of, with their probabilities
    position: in a sequence, None elsewhere
    """

    head: str
    sample: str
    group: str
    position: int | None
    label: str
    other: str
    label_probability: float
    other_probability: float


def class_thresholds(found: Predictions) -> np.ndarray:
    """(C,) the mean probability of a class over the samples with its label; infinite for a class without a sample.

    A class that the model is rarely sure of, as a rare one, has a low threshold, so that it is not passed over.
    """
    known = found.labelled
    sums = np.bincount(known.targets, _of_label(known), len(found.head.classes))
    counts = np.bincount(known.targets, minlength=len(found.head.classes))
    return np.divide(sums, counts, out=np.full(len(counts), np.inf), where=counts > 0)


def suspects(found: Predictions) -> list[Suspect]:
    """Labels with another class above its threshold that is more probable, the clearest contradictions first.

    found: predictions with probabilities, each by a model that was not trained on the sample. The order is by the
    difference of the two probabilities, then by sample and position.
    """
    known = found.labelled
    given = _of_label(known)
    others = np.where(known.known_probabilities >= class_thresholds(found), known.known_probabilities, 0.0)
    others[np.arange(len(known)), known.targets] = 0.0
    best = others.argmax(axis=1)
    margin = others[np.arange(len(known)), best] - given
    positions = np.zeros(len(known), int) if known.positions is None else known.positions
    chosen = [int(i) for i in np.flatnonzero(margin > 0)]
    keys = [(-float(margin[i]), known.samples[i], int(positions[i]), i) for i in chosen]
    return [_suspect(known, i, int(best[i])) for *_, i in sorted(keys)]


def _of_label(known: Predictions) -> np.ndarray:
    """(N,) the probability of each label."""
    return known.known_probabilities[np.arange(len(known)), known.targets]


def _suspect(known: Predictions, i: int, other: int) -> Suspect:
    classes, probabilities, label = known.head.classes, known.known_probabilities[i], int(known.targets[i])
    position = None if known.positions is None else int(known.positions[i])
    names = known.samples[i], known.groups[i], position, classes[label], classes[other]
    return Suspect(known.head.name, *names, float(probabilities[label]), float(probabilities[other]))
