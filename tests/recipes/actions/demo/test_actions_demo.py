"""The demo of actions: the same bytes, pairs of classes with the same frames, and the official layout."""

import hashlib
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tailwise.data.raw import RawFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread
from tailwise.recipes.actions.clips.labels import mirror_text
from tailwise.recipes.actions.demo import Demo, make_demo
from tailwise.recipes.actions.demo.film import encode, planes_of, render
from tailwise.recipes.actions.demo.plan import CLASSES, FREQUENT, PAIRS, Planned, plan
from tailwise.recipes.actions.demo.scripts import at, mirrored, scene_of

SMALL = Demo(seed=7, train=2, imbalance=1.0, validation=1, test=1, width=48, height=36, frames=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("actions")
    make_demo(SMALL, root, 1)
    return root


def test_the_same_bytes_each_time_whatever_the_other_clips_are(folder, tmp_path):
    clips = [clip for clip in plan(SMALL)["validation"] if not clip.fault][:4]
    for clip in clips:
        encode(tmp_path / "again.webm", render(SMALL, clip).frames)
        there = folder / "videos" / f"{clip.number}.webm"
        assert (
            hashlib.sha256(there.read_bytes()).digest()
            == hashlib.sha256((tmp_path / "again.webm").read_bytes()).digest()
        )
    assert (render(replace(SMALL, seed=8), clips[0]).frames != render(SMALL, clips[0]).frames).any()


def test_both_classes_of_a_pair_show_the_same_frames_in_reversed_order():
    for forward, backward in PAIRS:
        one = render(SMALL, Planned("train", 5, forward)).frames
        other = render(SMALL, Planned("train", 5, backward)).frames
        assert (one[::-1] == other).all() and (one != other).any()


def test_left_and_right_are_mirror_images():
    for name in CLASSES:
        if mirror_text(name) != name:
            one, other = (scene_of(text, np.random.default_rng(3)) for text in (name, mirror_text(name)))
            assert mirrored(one[0]) == other[0] and one[1] == other[1]


def test_the_files_are_those_of_the_official_layout(folder):
    labels = json.loads((folder / "labels.json").read_text())
    assert labels == {name: str(place) for place, name in enumerate(CLASSES)}
    for entry in json.loads((folder / "train.json").read_text()):
        assert list(entry) == ["id", "label", "template", "placeholders"]
        assert entry["template"].replace("[", "").replace("]", "") in labels
        filled = entry["template"]
        for word in entry["placeholders"]:
            filled = filled.replace("[something]", word, 1)
        assert entry["label"] == filled.lower() and "[" not in entry["label"]
    assert {tuple(entry) for entry in json.loads((folder / "test.json").read_text())} == {("id",)}


def test_a_clip_decodes_to_what_was_drawn(folder):
    clip = plan(SMALL)["validation"][0]
    drawn = render(SMALL, clip).frames
    cut = Spread(len(drawn), SMALL.height, SMALL.width)
    frames, facts = decode_clip(RawFile(folder / "videos", f"{clip.number}.webm"), cut)
    assert (facts.codec, facts.frames, facts.key_frames) == ("vp9", len(drawn), len(drawn))
    assert np.abs(frames.astype(int) - drawn).mean() < 8


def test_counts_fall_from_the_most_to_the_least_frequent_class():
    demo = replace(SMALL, train=60, imbalance=15.0)
    counts = demo.counts("train")
    assert list(counts) == [CLASSES[place] for place in FREQUENT] and sorted(FREQUENT) == list(range(len(CLASSES)))
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert max(counts.values()) == 60 and min(counts.values()) == 4
    assert set(demo.counts("validation").values()) == {1}
    planned = plan(demo)
    assert Counter(clip.action for clip in planned["train"]) == counts
    numbers = [clip.number for clips in planned.values() for clip in clips]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_one_file_of_training_is_missing_one_a_stub_and_one_cut_off(tmp_path):
    demo = replace(SMALL, train=4)
    faults = {clip.fault: clip for clip in plan(demo)["train"] if clip.fault}
    assert sorted(faults) == ["missing", "stub", "truncated"]
    assert not [clip for split in ("validation", "test") for clip in plan(demo)[split] if clip.fault]


def test_planes_are_those_of_the_standard_for_grey_and_red():
    grey = planes_of(np.full((2, 2, 3), 255, np.uint8)).ravel().tolist()
    red = planes_of(np.broadcast_to(np.array([255, 0, 0], np.uint8), (2, 2, 3))).ravel().tolist()
    assert grey == [235, 235, 235, 235, 128, 128] and red == [82, 82, 82, 82, 90, 240]


def test_places_are_smooth_between_keys_and_still_outside():
    keys = ((0.2, 0.0, 1.0), (0.6, 1.0, 1.0))
    found = [at(keys, moment) for moment in (-1, 0.2, 0.4, 0.6, 2)]
    assert np.allclose(found, [(0, 1), (0, 1), (0.5, 1), (1, 1), (1, 1)])


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"seed": -1}, "seed"), ({"train": 1}, "train"), ({"imbalance": 0.5}, "imbalance"), ({"width": 33}, "even")]
    + [({"frames": 3}, "frames"), ({"height": 10}, "even"), ({"test": 0}, "test")],
)
def test_a_demo_that_cannot_be_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        replace(SMALL, **changed)
