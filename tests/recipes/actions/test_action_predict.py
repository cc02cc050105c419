"""Clips that `tailwise predict` names, and their frames as the model takes them."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from support.video.actions import CLASSES, HEAD, STREAMS, WINDOW, film
from tailwise.core.errors import UserError
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.models.action.fusion import Concatenation
from tailwise.models.action.model import TwoStreams
from tailwise.recipes.actions.predict.inputs import find_inputs, read_samples
from tailwise.recipes.actions.predict.specification import Specification

SPEC = Specification(
    "actions", STREAMS.bare(), TwoStreams(Concatenation("concatenation")), (HEAD,), WINDOW, (4, 2), "none"
)


def named(*paths: Path, folder: Path | None = None, table: Path | None = None):
    return find_inputs(argparse.Namespace(paths=list(paths), folder=folder, table=table, root=None))


@pytest.fixture
def clips(tmp_path) -> Path:
    for name in ("a/one.mp4", "two.mp4"):
        film(tmp_path / name, CLASSES[0], seed=len(name))
    (tmp_path / "notes.txt").write_text("no clip")
    return tmp_path


def test_files_and_folders(clips):
    assert [file.name for file in named(clips / "two.mp4").samples] == [str(clips / "two.mp4")]
    found = named(folder=clips)
    assert [file.name for file in found.samples] == ["a/one.mp4", "two.mp4"] and not found.named


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["absent.mp4"], "absent"),
        (["notes.txt"], "names of clips end in"),
        (["two.mp4", "two.mp4"], "is given twice"),
        ([], "either clips or folders"),
    ],
)
def test_wrong_names_are_refused(clips, given, said):
    with pytest.raises(UserError, match=said):
        named(*(clips / name for name in given))


def test_a_table_and_an_empty_folder_are_refused(clips, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="--table and --root are not used"):
        named(clips / "two.mp4", table=clips / "t.csv")
    with pytest.raises(UserError, match="no clip below it"):
        named(folder=tmp_path / "empty")


def test_frames_are_those_that_training_sees(clips):
    (sample,) = read_samples(named(clips / "two.mp4"), SPEC, workers=1)
    assert sample.index == 0 and sample.inputs["clips"].shape == (8, 32, 48, 3)
    np.testing.assert_array_equal(sample.inputs["clips"], decode_clip(RawFile(clips, "two.mp4"), WINDOW)[0])


def test_a_faulty_clip_costs_itself_alone(clips, capsys):
    (clips / "broken.mp4").write_bytes(b"x" * 2000)
    found = list(read_samples(named(folder=clips), SPEC, workers=1))
    assert sorted(sample.name for sample in found) == ["a/one.mp4", "two.mp4"]
    assert "left out" in (said := capsys.readouterr().err) and "broken.mp4" in said
    with pytest.raises(UserError, match="broken.mp4: cannot be used"):
        list(read_samples(named(clips / "broken.mp4"), SPEC, workers=1))
