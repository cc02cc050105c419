"""What ``tailwise predict`` does with its arguments."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import write_text
from tailwise.core.progress import Progress
from tailwise.engine.run import find_device
from tailwise.prediction.fouls import Foul, is_split, read_split
from tailwise.prediction.output import FORMATS, Prediction, check_official, most_frequent
from tailwise.prediction.predictor import Predictor, load_predictor
from tailwise.prediction.views import Views, decode_fouls

GUESSED = "the official file gives them the classes predicted most often for the others"


def predict(args: argparse.Namespace) -> None:
    """Predict one foul from its clips, or the fouls of a split; raises UserError with one line for a person.

    args: paths, weights, format, out, set, device, workers
    """
    if args.out:
        check_writable(args.out)
    predictor = load_predictor(args.weights, find_device(args.device, "--device"))
    form = args.format or ("csv" if is_split(args.paths[0]) else "text")
    if form == "official":
        check_official(predictor.heads)
    split, predictions = of_split(predictor, args) if is_split(args.paths[0]) else of_clips(predictor, args)
    text = FORMATS[form](predictions, args.set or split)
    if args.out:
        write_text(args.out, text)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def of_clips(predictor: Predictor, args: argparse.Namespace) -> tuple[str, list[Prediction]]:
    """The clips as the views of one foul. Each was named, so one that cannot be used is an error."""
    if args.format == "official":
        raise UserError("--format official is of a split, whose fouls have numbers: give its folder or zip")
    for path in args.paths:
        if is_split(path):
            raise UserError(f"{path}: a folder or zip of a split is given alone, not among clips")
    foul = Foul("", Path(), tuple(map(str, args.paths)))
    ((_, views),) = decode_fouls([foul], predictor.window, 1)
    for clip, reason in views.faults.items():
        raise UserError(f"{clip}: {reason}")
    return "", [answered(predictor, views)]


def of_split(predictor: Predictor, args: argparse.Namespace) -> tuple[str, list[Prediction]]:
    """The split's name, and its fouls that have a usable view; of the others stderr tells.

    In the official file those, too, have an answer: a foul that is missing there counts as wrong.
    """
    if len(args.paths) > 1:
        raise UserError(f"{args.paths[0]}: a folder or zip of a split is given alone")
    split, fouls = read_split(args.paths[0])
    found = dict(_answers(predictor, fouls, args.workers))
    if not found:
        raise UserError(f"{args.paths[0]}: no foul has a clip that can be used")
    answers = [found[place] for place in sorted(found)]
    if args.format == "official" and (unread := [foul.name for at, foul in enumerate(fouls) if at not in found]):
        guess = most_frequent(answers)
        classes = ", ".join(answer.predicted for answer in guess)
        print(f"{len(unread)} of {len(fouls)} fouls have no usable view: {GUESSED}: {classes}", file=sys.stderr)
        answers += [Prediction(name, [], guess) for name in unread]
    return split, answers


def _answers(predictor: Predictor, fouls: list[Foul], workers: int) -> Iterator[tuple[int, Prediction]]:
    with Progress("predict", sum(len(foul.clips) for foul in fouls), "clips") as progress:
        for place, views in decode_fouls(fouls, predictor.window, workers, progress.advance):
            for clip, reason in views.faults.items():
                print(f"left out: {clip}: {reason}", file=sys.stderr)
            if views.frames:
                yield place, answered(predictor, views)
            else:
                print(f"no prediction: foul {views.foul.name} has no usable view", file=sys.stderr)


def answered(predictor: Predictor, views: Views) -> Prediction:
    """views: at least one usable"""
    return Prediction(views.foul.name, list(views.frames), predictor.answer(list(views.frames.values())))


def check_writable(path: Path) -> None:
    """Raise UserError before the work if a file cannot be written there."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"{path}: cannot be written; give --out another file")
