"""The clip store: one new clip redoes one shard, and history leaves no trace in it."""

import shutil

import numpy as np
import pytest

from filming import read_clip, write_clip
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.data.decode import shards
from tailwise.data.decode.store import build_store
from tailwise.data.decode.window import Window

WINDOW = Window(centre=4, stride=2, frames=3, height=40, width=64)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Data root with 12 clips, in shards of at most 4."""
    monkeypatch.setattr(shards, "LARGEST", 4)
    for i in range(12):
        write_clip(tmp_path / "raw" / f"clip_{i}.mp4", i, frames=8)
    return tmp_path / "raw"


def rows(n):
    return [
        {"sample": f"train/{i // 2}", "view": str(i % 2), "path": f"clip_{i}.mp4", "action": "Dive"} for i in range(n)
    ]


def build(root, name, n=12, cache="cache", workers=1):
    folder = root.parent / name / "train"
    return folder, *build_store(root, rows(n), WINDOW, folder, root.parent / cache, workers)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_row_of_the_manifest_leads_to_the_clips_frames(root):
    folder, faults, _ = build(root, "store")
    manifest = read_csv(folder / "manifest.csv")
    assert faults == {} and [{k: row[k] for k in rows(1)[0]} for row in manifest] == rows(12)
    for row in manifest:
        frames = np.load(folder / f"{row['shard']}.npy")[int(row["row"])]
        np.testing.assert_array_equal(frames, read_clip(root / row["path"])[WINDOW.indices()])


def test_one_more_clip_decodes_one_shard_and_equals_building_from_nothing(root):
    _, _, first = build(root, "before", n=11)
    folder, _, second = build(root, "after")
    assert first["decoded"] == first["shards"] > 2
    assert second["decoded"] - max(second["shards"] - first["shards"], 0) == 1
    assert content(folder) == content(build(root, "fresh", cache="empty")[0])


def test_a_second_build_decodes_nothing(root):
    before, _, _ = build(root, "before")
    after, _, counted = build(root, "after")
    assert counted["decoded"] == 0 and content(before) == content(after)


def test_the_number_of_workers_changes_no_byte(root, monkeypatch):
    monkeypatch.undo()
    assert content(build(root, "one", cache="a")[0]) == content(build(root, "two", cache="b", workers=2)[0])


@pytest.mark.parametrize("moment", ["while the array is written", "before the facts are written"])
def test_what_a_killed_build_left_is_not_trusted(root, monkeypatch, moment):
    class Killed(BaseException):
        pass

    def half_an_array(file, array):
        file.write(b"\x93NUMPY half")
        raise Killed

    def nothing(*arguments):
        raise Killed

    with monkeypatch.context() as dying:
        if moment == "while the array is written":
            dying.setattr(shards.np, "save", half_an_array)
        else:
            dying.setattr(shards, "write_json", nothing)
        with pytest.raises(Killed):
            build(root, "killed")
    folder, _, counted = build(root, "again")
    assert counted["decoded"] == counted["shards"]
    assert content(folder) == content(build(root, "fresh", cache="empty")[0])


def test_faulty_clips_are_left_out_with_their_reason(root):
    (root / "clip_1.mp4").unlink()
    (root / "clip_2.mp4").write_bytes(bytes(262))
    whole = (root / "clip_3.mp4").read_bytes()
    (root / "clip_3.mp4").write_bytes(whole[: len(whole) // 2])
    write_clip(root / "clip_4.mp4", frames=6)
    folder, faults, _ = build(root, "store")
    assert faults == {
        "clip_1.mp4": "absent",
        "clip_2.mp4": "cannot be decoded",
        "clip_3.mp4": "cannot be decoded",
        "clip_4.mp4": "shorter than the window: 6 frames, 7 needed",
    }
    left = [row["path"] for row in read_csv(folder / "manifest.csv")]
    assert left == [f"clip_{i}.mp4" for i in (0, 5, 6, 7, 8, 9, 10, 11)]


def test_a_clip_that_came_later_is_taken_in(root):
    """What was absent is a fault of that day, not of the shard for ever."""
    aside = root.parent / "aside.mp4"
    shutil.move(root / "clip_5.mp4", aside)
    assert build(root, "before")[1] == {"clip_5.mp4": "absent"}
    shutil.move(aside, root / "clip_5.mp4")
    folder, faults, counted = build(root, "after")
    assert faults == {} and counted["decoded"] == 1
    assert content(folder) == content(build(root, "fresh", cache="empty")[0])


def test_a_split_without_a_usable_clip_is_refused(root):
    for path in root.iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no clip of the train split can be decoded"):
        build(root, "store")
