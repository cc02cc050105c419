"""A stage's files as what the engine takes."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from tailwise.balance.files import Rebalancing
from tailwise.core.batch import Head
from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.engine.task import Samples
from tailwise.losses import ClassBoost


def read_heads(path: Path) -> tuple[Head, ...]:
    """Heads from ``{name: [class, ...]}``."""
    return tuple(Head(name, tuple(classes)) for name, classes in read_json(path).items())


def sample_places(dataset: Samples, names: Iterable[str]) -> list[int]:
    """Places of named samples; raises UserError for a name the dataset lacks."""
    places = {name: i for i, name in enumerate(dataset.names)}
    try:
        return [places[name] for name in names]
    except KeyError as error:
        raise UserError(f"sample {error} of the weights stage is not in the training data") from error


def class_boosts(
    of_phase: Rebalancing, heads: tuple[Head, ...], dataset: Samples, places: list[int]
) -> dict[str, ClassBoost]:
    """Boosts as tensors, with the class counts of the samples that the phase sees."""
    result = {}
    for head in heads:
        ids = dataset.labels(head.name)[places]
        counts = np.bincount(ids[ids >= 0], minlength=len(head.classes))
        values = [of_phase.boost[head.name][label] for label in head.classes]
        result[head.name] = ClassBoost(torch.tensor(values), torch.from_numpy(counts).float(), of_phase.acts)
    return result
