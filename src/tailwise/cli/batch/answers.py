"""Answers to inputs that are read and predicted together, where a faulty one costs itself alone."""

import argparse
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path

from tailwise.cli.predict.opened import Opened, OutOfMemory
from tailwise.core.errors import UserError
from tailwise.core.shortage import shortage
from tailwise.core.system.processes import WorkerLost
from tailwise.recipes.prediction import Inputs, Prediction
from tailwise.recipes.recipe import Recipe

LEFT_OUT = "left out: "
"""How a recipe's line on what it cannot use begins."""


@dataclass(frozen=True)
class Found:
    """answer: the prediction, or why there is none; has_parts: whether the recipe's samples have parts"""

    answer: Prediction | str
    has_parts: bool = False


def find_answers(paths: Sequence[Path], recipe: Recipe, opened: Opened) -> list[Found]:
    """One of each path, in order, which does not depend on the others.

    Reading them together starts a recipe's decoders once, not once an input. What goes wrong is tried again alone, so
    that the reason is the input's own. Raises UserError where memory or processes run out: that is no input's fault.
    """
    found: dict[int, Found] = {}
    given: dict[int, Inputs] = {}
    for place, path in enumerate(paths):
        one = _found_input(path, recipe)
        if isinstance(one, Inputs):
            given[place] = one
        else:
            found[place] = Found(one)
    for places in _alike(given):
        answers = _predicted({place: given[place] for place in places}, opened)
        found |= {place: Found(one, bool(given[place].parts)) for place, one in answers}
    return [found[place] for place in range(len(paths))]


def _found_input(path: Path, recipe: Recipe) -> Inputs | str:
    """What the recipe takes the path for, one sample; or why it is none."""
    args = argparse.Namespace(paths=[path], table=None, root=None, folder=None, format=None)
    try:
        inputs = recipe.find_inputs(args)
    except (UserError, OSError) as error:
        return reason_of(error)
    if (count := len(inputs.samples)) != 1:
        return f"{path}: has {count:,} {inputs.sample_name}s, but each input must be one"
    return inputs


def reason_of(error: UserError | OSError) -> str:
    """Why an input cannot be used; raises the error again if that is not the input's fault."""
    if isinstance(error, OutOfMemory | WorkerLost) or shortage(error) is not None:
        raise error
    if isinstance(error, UserError):
        return str(error)
    if error.filename is None:
        raise error
    return f"{error.filename}: {error.strerror}"


def _alike(given: Mapping[int, Inputs]) -> Iterator[list[int]]:
    """Places of inputs that can be read together: they differ in nothing but their samples."""
    kinds: list[tuple[Inputs, list[int]]] = []
    for place, one in given.items():
        kind = replace(one, samples=(), source="", notes=())
        same = next((places for other, places in kinds if type(other) is type(kind) and other == kind), None)
        if same is None:
            kinds.append((kind, same := []))
        same.append(place)
    for _, places in kinds:
        yield places


def _predicted(given: Mapping[int, Inputs], opened: Opened) -> Iterator[tuple[int, Prediction | str]]:
    """(place, the prediction or why there is none) of each."""
    waiting = dict(given)
    while waiting:
        answers, whole = _together(waiting, opened)
        yield from answers.items()
        waiting = {place: one for place, one in waiting.items() if place not in answers}
        for place, one in list(waiting.items()):
            yield place, (answer := _alone(one, opened))
            del waiting[place]
            if isinstance(answer, str) and not whole:  # it may be what broke the others off
                break


def _together(given: Mapping[int, Inputs], opened: Opened) -> tuple[dict[int, Prediction], bool]:
    """Predictions by place, and whether all could be tried. What is printed of the others is said of each alone."""
    places, each = list(given), list(given.values())
    joined = replace(each[0], samples=[one.samples[0] for one in each])
    found: dict[int, Prediction] = {}
    try:
        with redirect_stderr(io.StringIO()):
            for nth, one in opened.predict(joined)[1]:
                found[places[nth]] = one
    except (UserError, OSError) as error:
        reason_of(error)
        return found, False
    return found, True


def _alone(one: Inputs, opened: Opened) -> Prediction | str:
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            for _, found in opened.predict(one)[1]:
                return found
    except (UserError, OSError) as error:
        return reason_of(error)
    lines = [line for line in (*one.notes, *said.getvalue().splitlines()) if line.startswith(LEFT_OUT)]
    return "; ".join(line.removeprefix(LEFT_OUT) for line in lines) or "cannot be used"
