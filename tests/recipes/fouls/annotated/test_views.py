"""What the annotations say of a view, as ids."""

import numpy as np
import pytest

from support.fouls import clip, foul, write_split
from tailwise.recipes.fouls.annotated.views import CAMERAS, METADATA, NOTHING, metadata_ids
from tailwise.recipes.fouls.demo.scene import plan
from tailwise.recipes.fouls.predict.fouls import read_split
from tailwise.recipes.fouls.predict.inputs import FoulInputs
from tailwise.recipes.fouls.predict.model import Trained, fit_inputs, unknown_metadata
from tailwise.recipes.fouls.predict.samples import sample_of
from tailwise.recipes.fouls.predict.views import Views

NAMES = ("replay", "speed", "camera")


@pytest.mark.parametrize(
    ("view", "speed", "camera", "ids"),
    [
        ("0", "1.0", "Main camera center", [1, 1, 1]),
        ("1", "1.0", "Close-up player or field referee", [2, 1, 6]),
        ("3", "1.2", "Public", [2, 2, 12]),
        ("1", "1.5", "Public", [2, 2, 12]),
        ("1", "2.0", "a drone", [2, 3, 13]),
        ("1", "2.1", "other", [2, 4, 13]),
        ("1", "10.0", "", [2, 5, 0]),
        ("", "", "", [0, 0, 0]),
    ],
)
def test_the_ids_of_a_view(view, speed, camera, ids):
    found = metadata_ids({"view": view, "replay_speed": speed, "camera": camera}, NAMES)
    assert found == ids and all(id_ < METADATA[name][0] for id_, name in zip(found, NAMES))
    assert metadata_ids({"view": view, "replay_speed": speed, "camera": camera}, NAMES[::-1]) == ids[::-1]


def test_every_camera_of_the_demo_is_known():
    assert set(plan.CAMERAS) <= set(CAMERAS)


@pytest.fixture
def split(tmp_path):
    clips = [clip(j, **{"Camera type": CAMERAS[j], "Replay speed": 1.0 + j}) for j in range(2)]
    odd = [clip(0, **{"Camera type": 3, "Replay speed": "fast"})]
    root = write_split(tmp_path, [foul(Clips=clips), foul(Clips=odd)], "Valid")
    for number, count in ((0, 2), (1, 1)):
        (root / f"Valid/action_{number}").mkdir()
        for j in range(count):
            (root / f"Valid/action_{number}/clip_{j}.mp4").write_bytes(b"x")
    return root / "Valid"


def test_prediction_reads_the_same_from_a_split(split):
    first, second = read_split(split).fouls
    assert [metadata_ids(first.known[path], NAMES) for path in first.clips] == [[1, 1, 1], [2, 3, 2]]
    assert [metadata_ids(second.known[path], NAMES) for path in second.clips] == [[1, 0, 0]]
    (split / "annotations.json").unlink()
    assert [metadata_ids(first.known[path], NAMES) for first in read_split(split).fouls for path in first.clips] == [
        [1, 0, 0], [2, 0, 0], [1, 0, 0],
    ]  # fmt: skip
    assert metadata_ids(NOTHING, NAMES) == [0, 0, 0]


def test_what_is_not_known_is_named_and_the_model_is_given_0(split, capsys):
    fouls = read_split(split).fouls
    inputs = FoulInputs(fouls, "Valid", "foul")
    assert unknown_metadata(FoulInputs(fouls[:1], "Valid"), NAMES) == []
    fit_inputs(inputs, Trained((), None, most_views=4, metadata=NAMES), None)
    assert "the model takes speed, camera of each view, which Valid does not say" in capsys.readouterr().err
    fit_inputs(inputs, Trained((), None, most_views=4), None)
    assert not capsys.readouterr().err


def test_the_ids_of_a_sample_are_those_of_its_usable_views(split):
    first, _ = read_split(split).fouls
    views = Views(first, {first.clips[1]: np.zeros((2, 4, 4, 3), np.uint8)}, {first.clips[0]: "damaged"})
    assert sample_of(0, views, NAMES).inputs["metadata"].tolist() == [[2, 3, 2]]
    assert sample_of(0, views, ()).inputs.keys() == {"clips", "mask"}
