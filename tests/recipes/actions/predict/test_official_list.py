"""The videos of the official test file, and the file of predictions for them."""

import argparse
import json
from dataclasses import dataclass

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.actions.predict.inputs import find_inputs
from tailwise.recipes.actions.predict.official import as_submission, listed
from tailwise.recipes.prediction import Inputs, Prediction

HEAD = Head("action", ("open", "close", "push", "pull", "lift", "drop"))


@dataclass(frozen=True)
class Named:
    name: str


@pytest.fixture
def root(tmp_path):
    (tmp_path / "videos").mkdir()
    for number in (3, 1):
        (tmp_path / "videos" / f"{number}.webm").write_bytes(b"x")
    write(tmp_path / "test.json", 3, 1)
    return tmp_path


def write(file, *numbers):
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps([{"id": str(number)} for number in numbers]))
    return file


def test_the_videos_are_listed_in_the_order_of_the_file(root):
    assert listed(root / "test.json") == [("3", root / "videos" / "3.webm"), ("1", root / "videos" / "1.webm")]
    file = write(root / "labels" / "test.json", 1)
    assert listed(file) == [("1", root / "videos" / "1.webm")]


def test_the_command_takes_the_file_and_a_faulty_video_is_no_end(root):
    found = find_inputs(argparse.Namespace(paths=[root / "test.json"], folder=None, table=None, root=None))
    assert [file.name for file in found.samples] == ["3", "1"] and not found.named


def test_missing_videos_are_one_line(root, capsys):
    assert len(listed(write(root / "test.json", 1, 7, 8))) == 1
    assert capsys.readouterr().err.strip().endswith("are missing, as 7")
    assert "2 of 3 videos" in (listed(root / "test.json"), capsys.readouterr().err)[1]


@pytest.mark.parametrize(
    ("numbers", "said"), [((1, 1), "the id 1 is listed twice"), ((8, 9), "has none of the 2 videos")]
)
def test_a_list_that_cannot_be_is_refused(root, numbers, said):
    with pytest.raises(UserError, match=said):
        listed(write(root / "test.json", *numbers))


def predicted(name, *probabilities):
    values = np.array([probabilities])
    of_head = Predictions(HEAD, [name], [name], np.array([-100]), values.argmax(axis=1), values)
    return Prediction(name, (), [of_head])


def test_the_file_has_the_five_most_probable_classes_of_each_in_the_order_of_the_inputs():
    inputs = Inputs([Named("3"), Named("1")])
    one, other = predicted("1", 0.1, 0.2, 0.3, 0.25, 0.05, 0.1), predicted("3", 0.5, 0.1, 0.1, 0.1, 0.1, 0.1)
    assert as_submission([one, other], inputs).splitlines() == [
        "id,label1,label2,label3,label4,label5",
        "3,open,close,push,pull,lift",
        "1,push,pull,close,open,drop",
    ]


def test_without_probabilities_there_is_no_order():
    of_head = Predictions(HEAD, ["1"], ["1"], np.array([-100]), np.array([0]))
    with pytest.raises(UserError, match="needs probabilities"):
        as_submission([Prediction("1", (), [of_head])], Inputs([Named("1")]))
