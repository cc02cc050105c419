"""What ``tailwise predict`` does with what it was asked for."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

from tailwise.cli.predict.output import FORMATS, Prediction, check_official, most_frequent
from tailwise.cli.predict.predictor import Predictor, load_predictor
from tailwise.core.errors import UserError, print_error, printable
from tailwise.core.files import write_bytes
from tailwise.core.stage.progress import Progress
from tailwise.engine.distributed.device import find_device
from tailwise.recipes.fouls.predict.fouls import Foul
from tailwise.recipes.fouls.predict.inputs import Inputs
from tailwise.recipes.fouls.predict.views import Views, decode_fouls

GUESSED = "the official file gives them the classes predicted most often for the others"


def predict(args: argparse.Namespace, inputs: Inputs) -> None:
    """Predict the samples; raises UserError with one line for a person.

    args: weights, format, out, set, device, workers
    """
    for note in inputs.notes:
        print_error(note)
    predictor = load_predictor(args.weights, find_device(args.device, "--device"))
    if args.format == "official":
        check_official(predictor.heads)
    inputs = by_views(inputs, predictor.most_views)
    found = dict(_answers(predictor, inputs, args.workers))
    if not found:
        source = args.table or args.folder or args.paths[0]
        raise UserError(f"{source}: no {inputs.row} has a clip that can be used")
    if args.format == "official":
        found = with_guesses(found, inputs.samples)
    predictions = [found[place] for place in sorted(found)]
    text = FORMATS[args.format or inputs.form](predictions, args.set or inputs.split, inputs.row)
    if args.out:
        write_bytes(args.out, text.encode("utf8", "backslashreplace"))
    else:
        sys.stdout.write(printable(text))
        sys.stdout.flush()


def by_views(inputs: Inputs, most: int | None) -> Inputs:
    """The inputs as the model takes them. most: views of a sample in training, None if unknown

    Clips that were typed are the views of one sample, or samples of their own where the model knows but one view each.
    """
    views = max(len(sample.clips) for sample in inputs.samples)
    if most is None or views <= most:
        return inputs
    if not inputs.named:
        print_error(f"the {inputs.row}s have up to {views} views, those that the model was trained on {most}")
        return inputs
    if most == 1:
        alone = [Foul(clip, inputs.samples[0].root, (clip,)) for clip in inputs.samples[0].clips]
        return replace(inputs, samples=alone, form="csv")
    advice = f"give at most {most} that show the same, or several samples by --table or --folder"
    raise UserError(f"{views} clips as the views of one sample, of which the model knows up to {most}: {advice}")


def with_guesses(found: dict[int, Prediction], samples: list[Foul]) -> dict[int, Prediction]:
    """An answer for the samples without a usable view, too: one that is missing in the official file counts as wrong."""
    unread = {place: sample.name for place, sample in enumerate(samples) if place not in found}
    if not unread:
        return found
    guess = most_frequent(list(found.values()))
    classes = ", ".join(answer.predicted for answer in guess)
    print_error(f"{len(unread)} of {len(samples)} fouls have no usable view: {GUESSED}: {classes}")
    return {**found, **{place: Prediction(name, [], guess) for place, name in unread.items()}}


def _answers(predictor: Predictor, inputs: Inputs, workers: int) -> Iterator[tuple[int, Prediction]]:
    """(place, prediction) of the samples that have a usable view; of the others stderr tells.

    What ends all, as a clip that was typed or the only sample, is an error and told once.
    """
    clips = sum(len(sample.clips) for sample in inputs.samples)
    with Progress("predict", clips, "clips") as progress:
        for place, views in decode_fouls(inputs.samples, predictor.window, workers, predictor.short, progress.advance):
            for clip, reason in views.faults.items():
                if inputs.named or (len(inputs.samples) == 1 and not views.frames):
                    raise UserError(f"{clip}: {reason}")
                print_error(f"left out: {clip}: {reason}")
            if views.frames:
                yield place, answered(predictor, views)
            else:
                print_error(f"no prediction: {inputs.row} {views.foul.name} has no usable view")


def answered(predictor: Predictor, views: Views) -> Prediction:
    """views: at least one usable"""
    return Prediction(views.foul.name, list(views.frames), predictor.answer(list(views.frames.values())))
