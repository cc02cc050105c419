"""Multi-view samples from the clip store."""

import pickle

import numpy as np
import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv, write_json
from tailwise.core.heads import IGNORE, Head
from tailwise.data.tables.manifest import read_labels
from tailwise.data.video.store.clips import Clips

ACTION, SEVERITY = Head("action", ("Dive", "High leg")), Head("severity", ("No card", "Red card"))
HEADS = (ACTION, SEVERITY)
ROWS = [
    # sample, view, group, action, severity, shard, row
    ("train/3", 0, "match a", "High leg", "", "x", 1),
    ("train/3", 1, "match a", "High leg", "", "y", 0),
    ("train/3", 3, "match a", "High leg", "", "x", 0),
    ("train/10", 0, "match b", "Dive", "Red card", "y", 1),
]
WINDOW = {"centre": 9, "stride": 2, "frames": 4, "margin": 0, "height": 6, "width": 8}


@pytest.fixture
def folder(tmp_path):
    write_csv(tmp_path / "manifest.csv", ["sample", "view", "group", "action", "severity", "shard", "row"], ROWS)
    write_json(tmp_path / "window.json", WINDOW)
    for seed, shard in enumerate("xy"):
        np.save(tmp_path / f"{shard}.npy", np.random.default_rng(seed).integers(0, 256, (2, 4, 6, 8, 3), np.uint8))
    return tmp_path


def test_names_groups_and_labels_come_without_a_frame(folder):
    for shard in folder.glob("*.npy"):
        shard.unlink()
    clips = Clips(folder, HEADS)
    assert (len(clips), clips.names, list(clips.groups())) == (2, ["train/3", "train/10"], ["match a", "match b"])
    assert clips.labels("action").tolist() == [1, 0] and clips.labels("severity").tolist() == [IGNORE, 1]
    assert read_labels(folder / "manifest.csv", ["severity"]) == (
        ["train/3", "train/10"],
        {"severity": ["", "Red card"]},
    )


def test_a_batch_has_every_view_in_order_and_a_mask_for_the_absent(folder):
    clips = Clips(folder, HEADS)
    batch = clips.collate([clips[1], clips[0]])
    x, y = np.load(folder / "x.npy"), np.load(folder / "y.npy")
    found, mask = batch.inputs["clips"].numpy(), batch.inputs["mask"]
    assert found.shape == (2, 3, 4, 6, 8, 3) and found.dtype == np.uint8
    assert mask.tolist() == [[True, False, False], [True, True, True]]
    np.testing.assert_array_equal(found[0, 0], y[1])
    np.testing.assert_array_equal(found[1], np.stack([x[1], y[0], x[0]]))
    assert not found[0, 1:].any()
    assert batch.index.tolist() == [1, 0]
    assert {name: ids.tolist() for name, ids in batch.targets.items()} == {"action": [0, 1], "severity": [1, IGNORE]}


@pytest.mark.parametrize(("with_margin", "kept"), [(False, slice(1, 3)), (True, slice(0, 4))])
def test_the_margin_is_for_those_who_ask(folder, with_margin, kept):
    write_json(folder / "window.json", {**WINDOW, "frames": 2, "margin": 1})
    clips = Clips(folder, HEADS, with_margin)
    assert clips.margin == int(with_margin)
    np.testing.assert_array_equal(clips[1][1][0], np.load(folder / "y.npy")[1][kept])


def test_the_window_is_known_without_a_frame_and_its_margin_left_out(folder):
    for shard in folder.glob("*.npy"):
        shard.unlink()
    clips = Clips(folder, HEADS, with_margin=True)
    assert clips.window == {"centre": 9, "stride": 2, "frames": 4, "height": 6, "width": 8}
    assert clips.shape == (4, 6, 8)


def test_one_sample_with_one_view_is_a_batch(folder):
    clips = Clips(folder, HEADS)
    batch = clips.collate([clips[1]])
    assert batch.inputs["clips"].shape == (1, 1, 4, 6, 8, 3) and batch.targets["action"].shape == (1,)


def test_it_travels_to_a_worker_process_without_its_frames(folder):
    clips = Clips(folder, HEADS)
    fresh = len(pickle.dumps(clips))
    assert fresh < 5000
    again = pickle.loads(pickle.dumps(clips))
    assert torch.equal(again.collate([again[0]]).inputs["clips"], clips.collate([clips[0]]).inputs["clips"])


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        (Head("card", ("a", "b")), "column card"),
        (Head("action", ("Dive", "Holding")), "column action: .*High leg|not in"),
    ],
)
def test_a_manifest_that_does_not_fit_the_heads_is_refused(folder, head, refusal):
    with pytest.raises(UserError, match=f"manifest.csv: .*({refusal})"):
        Clips(folder, (head,))
    if head.name == "card":
        with pytest.raises(UserError, match="manifest.csv: has no column 'card'"):
            read_labels(folder / "manifest.csv", ["card"])
