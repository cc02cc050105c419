"""The official test split, which has no labels: its videos, and a file of what is predicted of them."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError, print_error
from tailwise.core.files import csv_text
from tailwise.recipes.actions.readers.annotations import read_ids
from tailwise.recipes.actions.readers.videos import check_any, find_videos
from tailwise.recipes.prediction import Inputs, Prediction

BEST = 5
"""Classes that the file names for each video."""
LABELS = "labels"
"""The folder of the JSON files, where they have one of their own."""


def listed(file: Path) -> list[tuple[str, Path]]:
    """(id, path) of the videos of a JSON file of ids, which are below the folder that it is in.

    stderr has a line for those that are missing; UserError if all are, or if an id is listed twice.
    """
    root = file.parent.parent if file.parent.name == LABELS else file.parent
    videos, seen = find_videos(root), dict[str, None]()
    check_any(root, videos)
    for name in read_ids(file):
        if name in seen:
            raise UserError(f"{file}: the id {name} is listed twice: each video is listed once")
        seen[name] = None
    missing = [name for name in seen if name not in videos]
    if len(missing) == len(seen):
        raise UserError(f"{root}: has none of the {len(seen)} videos of {file.name}, as {missing[0]}.webm")
    if missing:
        print_error(f"{len(missing)} of {len(seen)} videos of {file} are missing, as {missing[0]}")
    return [(name, Path(os.path.join(root, videos[name]))) for name in seen if name in videos]


def as_submission(predictions: Sequence[Prediction], inputs: Inputs) -> str:
    """CSV with a line a clip, in the order of the inputs: its id, and the most probable classes, the best first."""
    order = {sample.name: place for place, sample in enumerate(inputs.samples)}
    rows = [_best(one) for one in sorted(predictions, key=lambda one: order[one.name])]
    return csv_text([("id", *(f"label{place + 1}" for place in range(len(rows[0]) - 1))), *rows] if rows else [])


def _best(one: Prediction) -> tuple[str, ...]:
    """Of equal probabilities the first in the order of classes."""
    (of_head,) = one.heads
    if of_head.probabilities is None:
        raise UserError("--format submission needs probabilities, which these predictions have none of")
    best = np.argsort(-of_head.probabilities[0], kind="stable")[:BEST]
    return one.name, *(of_head.head.classes[place] for place in best)
