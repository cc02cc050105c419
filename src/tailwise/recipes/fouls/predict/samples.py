"""Fouls as the model takes them: the views that can be used, decoded in other processes."""

from collections.abc import Iterator

import numpy as np

from tailwise.core.errors import UserError, print_error
from tailwise.core.stage.progress import Progress
from tailwise.recipes.fouls.annotated.views import NOTHING, metadata_ids
from tailwise.recipes.fouls.predict.inputs import FoulInputs
from tailwise.recipes.fouls.predict.model import Trained
from tailwise.recipes.fouls.predict.views import Views, decode_fouls
from tailwise.recipes.prediction import Sample


def read_samples(inputs: FoulInputs, trained: Trained, workers: int) -> Iterator[Sample]:
    """The fouls with a usable view; stderr has a line for each clip and foul that is left out.

    Raises UserError for a clip that was typed, or for the first clip of a single sample that has no usable view.
    """
    clips = sum(len(sample.clips) for sample in inputs.samples)
    with Progress("predict", clips, "clips") as progress:
        decoded = decode_fouls(inputs.samples, trained.window, workers, trained.short, progress.advance)
        for index, views in decoded:
            report_faults(inputs, views)
            if views.frames:
                yield sample_of(index, views, trained.metadata)


def report_faults(inputs: FoulInputs, views: Views) -> None:
    alone = len(inputs.samples) == 1 and not views.frames
    for clip, reason in views.faults.items():
        if inputs.named or alone:
            raise UserError(f"{clip}: {reason}")
        print_error(f"left out: {clip}: {reason}")
    if not views.frames:
        print_error(f"no prediction: {inputs.sample_name} {views.foul.name} has no usable view")


def sample_of(index: int, views: Views, metadata: tuple[str, ...]) -> Sample:
    """views: at least one usable; metadata: what the model takes of each"""
    clips = np.stack(list(views.frames.values()))
    inputs = {"clips": clips, "mask": np.ones(len(clips), bool)}
    if metadata:
        rows = [views.foul.known.get(clip, NOTHING) for clip in views.frames]
        inputs["metadata"] = np.array([metadata_ids(row, metadata) for row in rows], np.int64)
    return Sample(index, views.foul.name, inputs, list(views.frames))
