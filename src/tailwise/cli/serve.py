"""Answer requests over HTTP with an exported model: ``tailwise serve``."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.errors import UserError

if TYPE_CHECKING:
    from tailwise.serve.figures import Figures

NEEDED = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "onnxruntime": "onnxruntime",
}
NEEDED |= {"prometheus_client": "prometheus-client"}
"""{imported name: package of requirements-serve.txt or requirements-export.txt}"""
INSTALL = "python3 -m pip install -r requirements-export.txt -r requirements-serve.txt -c constraints.txt"
LAST_S = 30
"""Seconds after SIGTERM in which requests that were taken are answered."""
SPARE = 32
"""Connections besides those of --queue: for the other pages, and for requests that are refused with 429."""


def add_serve(one: argparse.ArgumentParser) -> None:
    """Arguments of `serve`."""
    one.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="that tailwise export wrote")
    one.add_argument("--recipe", metavar="MODULE", help="package of a recipe that is no part of tailwise, as tagger")
    one.add_argument("--host", default="127.0.0.1", help="0.0.0.0 for other machines; default: %(default)s")
    one.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    one.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    one.add_argument("--most-mib", type=int, default=64, metavar="N", help="of a request; default: %(default)s")
    one.add_argument("--most-files", type=int, default=8, metavar="N", help="of a request; default: %(default)s")
    one.add_argument(
        "--queue", type=int, default=16, metavar="N", help="requests that wait or are answered; default: %(default)s"
    )
    one.add_argument(
        "--readers", type=int, default=2, metavar="N", help="requests read at a time; default: %(default)s"
    )
    one.add_argument("--batch", type=int, default=8, metavar="N", help="samples of a batch; default: %(default)s")
    one.add_argument("--reference", type=Path, metavar="FOLDER", help="that evaluate wrote: warn of answers that drift")
    one.add_argument("--window", type=int, default=200, metavar="N", help="samples compared; default: %(default)s")
    one.add_argument("--feedback", type=Path, metavar="FOLDER", help="keep corrected answers there, with their files")
    one.add_argument("--feedback-mib", type=int, default=1024, metavar="N", help="kept at most; default: %(default)s")
    one.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """args: of `add_serve`. Serves until SIGTERM or Ctrl-C, then answers what was taken. Raises UserError."""
    for name, package in NEEDED.items():
        if importlib.util.find_spec(name) is None:
            raise UserError(f"serve needs the package {package}, which is absent: {INSTALL}")
    check_numbers(args)
    import uvicorn

    from tailwise.core.files import read_json
    from tailwise.export.run.folder import CARD
    from tailwise.serve.app import make_app
    from tailwise.serve.figures import Figures
    from tailwise.serve.limits import Limits

    limits, figures = Limits(args.most_mib * 2**20, args.most_files, args.queue, args.readers), Figures()
    service = open_service(args, figures)
    card, watch, feedback = read_json(args.model / CARD), open_watch(args), open_feedback(args)
    app = make_app(service, card, limits, figures, watch, feedback)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a line of its own for each malformed request
    given = {"limit_concurrency": args.queue + SPARE, "timeout_graceful_shutdown": LAST_S, "log_level": "warning"}
    uvicorn.run(app, host=args.host, port=args.port, **given)


def check_numbers(args: argparse.Namespace) -> None:
    """Raise UserError for a number that cannot be meant."""
    at_least_1 = ("most_mib", "most_files", "queue", "readers", "batch", "feedback_mib")
    if any(getattr(args, name) < 1 for name in at_least_1) or not 0 < args.port < 2**16:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in at_least_1)
        raise UserError(f"{named} must be at least 1, --port from 1 to 65535")


def open_service(args: argparse.Namespace, figures: Figures):
    """The model of an exported folder with its recipe. UserError for a calibration of other classes."""
    from tailwise.cli.predict.command import recipe_named
    from tailwise.evaluation.calibration.fitted import check_classes
    from tailwise.export.run.folder import CARD, read_card
    from tailwise.export.run.predictor import load_exported
    from tailwise.serve.batching import Batches
    from tailwise.serve.service import Service

    card = read_card(args.model)
    if card.calibration:
        check_classes(args.model / CARD, card.calibration, card.heads)
    predictor, spec = load_exported(args.model, args.device, args.recipe)
    batches = Batches(predictor, args.batch, figures.batch.observe)
    return Service(recipe_named(args.model, card.recipe, args.recipe), spec, batches, card.calibration)


def open_watch(args: argparse.Namespace):
    """What compares answers with --reference, None without it. UserError for one that does not fit the model."""
    from tailwise.export.run.folder import read_card
    from tailwise.serve.watch import LEAST, Watch, read_reference

    if args.reference is None:
        return None
    if args.window < LEAST:
        raise UserError(f"--window must be at least {LEAST}")
    card = read_card(args.model)
    reference = read_reference(args.reference, card.heads, card.calibration)
    if (least := min(map(len, reference.values()))) < args.window:
        few = f"a reference of {least} samples, fewer than a window's {args.window}, may alarm by its own chance"
        print(f"tailwise: warning: {few}", file=sys.stderr)
    return Watch(card.heads, reference, args.window)


def open_feedback(args: argparse.Namespace):
    """What keeps corrections in --feedback; None without it."""
    from tailwise.export.run.folder import read_card
    from tailwise.serve.feedback import Feedback

    heads = read_card(args.model).heads
    return None if args.feedback is None else Feedback(args.feedback, heads, args.feedback_mib * 2**20)
