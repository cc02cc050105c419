"""What is computed outside of steps, under a real limit of memory: ``limited_once.py WORK MEGABYTES ...``.

WORK: answer (of a trained model on a split), predict (one sample), felt (the look at whether a boost is
felt), auto (the look at what a sample needs). A sample takes 40 MB; 0 is no limit. Of each are
printed a line "== WORK MEGABYTES", the printed lines, and as JSON the error and the answers.
"""

import json
import sys
from contextlib import redirect_stdout

import limited
import numpy as np
import torch

from support.helpers import CPU, HEADS, Linear, make_phase, make_run, make_table, make_task
from tailwise.cli.predict.predictor import Predictor
from tailwise.core.errors import UserError
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.recipes.prediction import Sample

SAMPLES = 38
WIDE = 10_000_000
"""Numbers a sample; smaller ones would be taken from what the process keeps for such ends."""


class Wide(Linear):
    """Large in every forward pass."""

    def forward(self, x):
        return super().forward(limited.through(x))


def answers() -> dict:
    found = evaluate(make_task(Wide(5, HEADS), valid=make_table(SAMPLES)), make_run(batch_size=16)).predictions
    return {name: [of_head.targets.tolist(), of_head.probabilities.tolist()] for name, of_head in found.items()}


def predict() -> dict:
    predictor = Predictor(Wide(5, HEADS), HEADS, lambda model, inputs: (model(**inputs), {}), CPU)
    found = predictor.predict(Sample(0, "", {"x": np.zeros(5, np.float32)}))
    return {each.head.name: each.probabilities.tolist() for each in found.heads}


def effective_weights() -> dict:
    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([8.0, 8.0, 8.0]))}
    train_phase(make_task(limited.Net("forward")), make_phase(epochs=1), range(2), boost, make_run(batch_size=1))
    return {}


def auto() -> dict:
    run = make_run(batch_size=2, accumulate="auto")
    train_phase(make_task(limited.Net("forward")), make_phase(epochs=1), range(2), {}, run)
    return {}


WORKS = {"answer": answers, "predict": predict, "felt": effective_weights, "auto": auto}


def work_limited(work: str, megabytes: int) -> None:
    limited.WIDE = 1000
    with redirect_stdout(None):
        WORKS[work]()  # loads all that is loaded late
    limited.WIDE = WIDE
    print(f"== {work} {megabytes}")
    limited.limit(megabytes)
    found, mistake = {}, None
    try:
        found = WORKS[work]()
    except UserError as error:
        mistake = str(error)
    limited.limit(0)
    print(json.dumps({"mistake": mistake, "found": found}))


if __name__ == "__main__":
    limited.in_forks(work_limited, limited.pairs(sys.argv[1:]))
