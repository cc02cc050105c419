"""Inputs that are read together: each has its own answer or reason, whatever the others do."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tailwise.cli.batch.answers import find_answers
from tailwise.cli.batch.rows import header_of, row_of
from tailwise.cli.predict.opened import Opened, OutOfMemory
from tailwise.core.errors import UserError, print_error
from tailwise.core.heads import IGNORE, Head
from tailwise.core.system.processes import WorkerLost
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Inputs, Prediction

HEAD = Head("kind", ("a", "b"))


@dataclass(frozen=True)
class Typed(Inputs):
    kind: str = ""


def prediction(name: str) -> Prediction:
    likely = np.array([[0.25, 0.75]])
    return Prediction(name, ["part"], [Predictions(HEAD, [name], [""], np.array([IGNORE]), np.array([1]), likely)])


class Recipe:
    """Names say what happens: `bad` is refused when it is read, `odd` left out with a line, `two` are two samples."""

    def find_inputs(self, args):
        [path] = args.paths
        if path.name.startswith("absent"):
            raise UserError(f"{path}: absent")
        samples = [path.name] * (2 if path.name.startswith("two") else 1)
        return Typed(samples, str(path), "thing", kind=path.suffix, parts="bits" if path.suffix == ".bits" else "")


class Model:
    """Reads from the end, so that the first to fail is not the first that waits. calls: what was read together"""

    def __init__(self):
        self.calls = []

    def predict(self, inputs):
        self.calls.append(list(inputs.samples))
        return inputs, self._each(inputs)

    def _each(self, inputs):
        for index, name in reversed(list(enumerate(inputs.samples))):
            if name.startswith("bad"):
                raise UserError(f"{name}: broken")
            if name.startswith("none"):
                raise {"none_memory": OutOfMemory("full"), "none_worker": WorkerLost("killed")}[name]
            if name.startswith("odd"):
                print_error("predict: 1 of 1 clips, 0.2 clips/s, 0 s left")
                print_error(f"left out: {name}: odd")
            elif not name.startswith("mute"):
                yield index, prediction(name)


def answers(*names):
    model = Model()
    found = find_answers([Path(name) for name in names], Recipe(), Opened([HEAD], model.predict))
    return [one.answer if isinstance(one.answer, str) else one.answer.name for one in found], model.calls


def test_good_inputs_are_read_together_once():
    assert answers("x", "y", "z") == (["x", "y", "z"], [["x", "y", "z"]])


def test_inputs_that_differ_in_kind_are_read_apart():
    found, calls = answers("x.a", "y.b", "z.a")
    assert found == ["x.a", "y.b", "z.a"] and calls == [["x.a", "z.a"], ["y.b"]]


@pytest.mark.parametrize(
    "names",
    [
        ("bad",),
        ("bad", "x"),
        ("x", "bad"),
        ("x", "bad", "y", "bad2", "z"),
        ("bad", "bad2", "bad3"),
        ("odd", "bad", "x"),
    ],
)
def test_each_has_its_own_reason_wherever_it_stands(names):
    expected = {"bad": "{}: broken", "odd": "{}: odd"}
    assert answers(*names)[0] == [expected.get(name[:3], "{}").format(name) for name in names]


def test_what_is_no_sample_or_left_out_has_a_reason():
    found, _ = answers("absent", "two", "odd", "mute", "x")
    said = ["absent: absent", "two: has 2 things, but each input must be one", "odd: odd", "cannot be used", "x"]
    assert found == said


@pytest.mark.parametrize(("name", "error"), [("none_memory", OutOfMemory), ("none_worker", WorkerLost)])
def test_a_fault_of_the_machine_is_no_input_s(name, error):
    with pytest.raises(error):
        answers("x", name, "y")


def test_what_is_said_on_stderr_of_good_inputs_stays_there(capsys):
    answers("odd", "x")
    assert capsys.readouterr().err == "" and sys.stderr is not None


def test_a_row_has_the_parts_only_where_samples_have_them():
    header = header_of([HEAD])
    assert header == ["path", "error", "parts", "kind", "kind: a", "kind: b"]
    assert row_of("x", prediction("x"), len(header), True) == ["x", "", '["part"]', "b", 0.25, 0.75]
    assert row_of("x", prediction("x"), len(header), False) == ["x", "", "", "b", 0.25, 0.75]
    assert row_of("x", "two\nlines", len(header), True) == ["x", "two lines", "", "", "", ""]


def test_a_sequence_is_one_row_of_lists():
    likely = np.array([[0.25, 0.75], [1.0, 0.0], [1 / 3, 2 / 3]])
    heads = [Predictions(HEAD, ["s"] * 3, [""] * 3, np.full(3, IGNORE), np.array([1, 0, 1]), likely, np.arange(3))]
    _, _, _, answer, *columns = row_of("s", Prediction("s", [], heads), 6, False)
    assert json.loads(answer) == ["b", "a", "b"]
    assert [json.loads(each) for each in columns] == [[0.25, 1.0, 0.333333], [0.75, 0.0, 0.666667]]
