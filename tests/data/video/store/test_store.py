"""The clip store: one new clip redoes one shard, and the store does not depend on earlier runs."""

import hashlib
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from support.tables import table
from support.video.crashers import crashing, hanging
from support.video.filming import read_clip, write_clip
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.data.shards import partition as layout
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store import shards
from tailwise.data.video.store import store as store_module
from tailwise.data.video.store.quality import check_faulty, quality
from tailwise.data.video.store.shards import Shard
from tailwise.data.video.store.store import Decode, build_store
from tailwise.recipes.fouls.demo.pack import pack

WINDOW = Window(centre=4, stride=2, frames=3, margin=0, height=40, width=64)
HOW = Decode(timeout=30, max_faulty=0.5)
pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Data root with 12 clips, in shards of at most 4."""
    monkeypatch.setattr(layout, "LARGEST", 4)
    for i in range(12):
        write_clip(tmp_path / "raw" / f"clip_{i}.mp4", i, frames=8)
    return tmp_path / "raw"


def rows(root, n):
    paths = [root / f"clip_{i}.mp4" for i in range(n)]
    return [
        {
            "sample": f"train/{i // 2}",
            "view": str(i % 2),
            "path": path.name,
            "content": hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "",
            "action": "Dive",
        }
        for i, path in enumerate(paths)
    ]


def build(root, name, n=12, cache="cache", workers=1, how=HOW):
    folder = root.parent / name / "train"
    return folder, build_store(root, table(rows(root, n)), WINDOW, folder, root.parent / cache, how, workers)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def frames_of(folder, row):
    return np.load(folder / f"{row['shard']}.npy")[int(row["row"])]


def test_a_row_of_the_manifest_leads_to_the_clips_frames(root):
    folder, store = build(root, "store")
    manifest = read_csv(folder / "manifest.csv")
    assert store.faults == {} and [{k: row[k] for k in rows(root, 1)[0]} for row in manifest] == rows(root, 12)
    for row in manifest:
        frames = frames_of(folder, row)
        np.testing.assert_array_equal(frames, read_clip(root / row["path"])[WINDOW.indices()])


def test_the_store_says_how_its_clips_were_cut(root):
    folder, _ = build(root, "store")
    assert read_json(folder / "window.json") == {**asdict(WINDOW), "short": "refuse"}


def test_clips_in_a_zip_give_the_same_store(root):
    plain, _ = build(root, "plain")
    in_zip = rows(root, 12)
    pack(shutil.copytree(root, root / "copy"))
    for row in in_zip:
        row["path"] = f"copy.zip/{row['path']}"
    folder = root.parent / "zipped" / "train"
    build_store(root, table(in_zip), WINDOW, folder, root.parent / "other", HOW, 1)
    for before, after in zip(read_csv(plain / "manifest.csv"), read_csv(folder / "manifest.csv")):
        arrays = [
            np.load(store / f"{row['shard']}.npy")[int(row["row"])] for store, row in ((plain, before), (folder, after))
        ]
        np.testing.assert_array_equal(*arrays)


def test_one_more_clip_decodes_one_shard_and_equals_building_from_nothing(root):
    _, first = build(root, "before", n=11)
    folder, second = build(root, "after")
    assert first.decoded == first.shards > 2
    assert second.decoded - max(second.shards - first.shards, 0) == 1
    assert content(folder) == content(build(root, "fresh", cache="empty")[0])


def test_one_more_of_hundreds_of_real_clips_decodes_one_shard(tmp_path):
    """Shards of their real size. The clips differ by a box that players skip."""
    root = tmp_path / "raw"
    one = write_clip(root / "one.mp4", frames=8).read_bytes()
    for i in range(401):
        (root / f"clip_{i}.mp4").write_bytes(one + (16).to_bytes(4) + b"free" + i.to_bytes(8))
    _, first = build(root, "before", n=400)
    _, second = build(root, "after", n=401)
    assert (first.decoded, second.decoded) == (first.shards, 1) and 400 / 92 < first.shards < 400 / 46
    assert not first.faults and len(second.clips) == 401


def test_a_second_build_decodes_nothing(root):
    before, _ = build(root, "before")
    after, store = build(root, "after")
    assert store.decoded == 0 and content(before) == content(after)


def test_other_code_that_decodes_the_same_frames_makes_the_same_store(root, monkeypatch):
    before, _ = build(root, "before")
    monkeypatch.setattr(shards, "code_hash", lambda: "other code")
    after, store = build(root, "after")
    assert store.decoded == store.shards > 0 and content(before) == content(after)


def test_the_number_of_workers_changes_no_byte(root, real_processes):
    assert content(build(root, "one", cache="a")[0]) == content(build(root, "two", cache="b", workers=2)[0])


@pytest.mark.parametrize("moment", ["while the array is written", "before the facts are written"])
def test_leftovers_of_a_killed_build_are_not_used(root, monkeypatch, moment):
    class Killed(BaseException):
        pass

    def killed(*arguments):
        raise Killed

    shard = Shard(root, {row["path"]: row["content"] for row in rows(root, 4)}, WINDOW)
    cache = root.parent / "cache"
    cache.mkdir()
    with monkeypatch.context() as dying:
        if moment == "while the array is written":
            dying.setattr(shards.RowFile, "__exit__", killed)
        else:
            dying.setattr(shards, "write_json", killed)
        with pytest.raises(Killed):
            shards.decode_shard(shard, cache, str)
    folder, store = build(root, "again")
    assert store.decoded == store.shards
    assert content(folder) == content(build(root, "fresh", cache="empty")[0])


def test_faulty_clips_are_left_out_with_their_reason(root):
    (root / "clip_1.mp4").unlink()
    (root / "clip_2.mp4").write_bytes(bytes(262))
    whole = (root / "clip_3.mp4").read_bytes()
    (root / "clip_3.mp4").write_bytes(whole[: len(whole) // 2])
    write_clip(root / "clip_4.mp4", frames=6)
    folder, store = build(root, "store")
    assert store.faults == {
        "clip_1.mp4": "absent",
        "clip_2.mp4": "empty: 262 bytes",
        "clip_3.mp4": "truncated: the file ends within its mdat box",
        "clip_4.mp4": "shorter than the window: 6 frames, 7 needed",
    }
    left = [row["path"] for row in read_csv(folder / "manifest.csv")]
    assert left == [f"clip_{i}.mp4" for i in (0, 5, 6, 7, 8, 9, 10, 11)]
    assert store.dropped == ["train/1"]
    facts = quality(table(rows(root, 12)), store)
    assert facts["reasons"] == {"absent": 1, "empty": 1, "shorter than the window": 1, "truncated": 1}
    assert (facts["clips"], facts["sizes"], facts["rates"]) == (12, {"64x40": 8}, {"25": 8})
    assert facts["seconds"] == {"least": 0.32, "median": 0.32, "most": 0.32} and facts["key_frames"]["most"] == 1


@pytest.mark.parametrize(("limit", "refused"), [(0.33, True), (0.34, False)])
def test_more_faults_than_are_bearable_are_refused(tmp_path, limit, refused):
    faulty = {f"{i}.mp4": "absent" if i else "shorter than the window: 6 frames, 7 needed" for i in range(4)}
    splits = {"train": {"clips": 10, "faulty": faulty}, "test": {"clips": 2, "faulty": {}}}
    how = Decode(timeout=1, max_faulty=limit)
    (tmp_path / "faults.csv").write_text("of a run before")
    if not refused:
        check_faulty(splits, how, tmp_path / "faults.csv")
        assert not (tmp_path / "faults.csv").exists()
        return
    text = r"4 of 12 clips .* \(3 absent, 1 shorter than the window\), .* 0.mp4: shorter .* decode.max_faulty = 0.33"
    with pytest.raises(UserError, match=text):
        check_faulty(splits, how, tmp_path / "faults.csv")
    assert (tmp_path / "faults.csv").read_text().splitlines()[:2] == [
        "split,clip,reason",
        'train,0.mp4,"shorter than the window: 6 frames, 7 needed"',
    ]


def test_clips_of_the_same_content_are_named(root):
    shutil.copy(root / "clip_0.mp4", root / "clip_7.mp4")
    _, store = build(root, "store")
    assert quality(table(rows(root, 12)), store)["duplicates"] == [["clip_0.mp4", "clip_7.mp4"]]


@pytest.mark.parametrize(
    ("end", "reason"),
    [("crash", "decoder crashed: SIGSEGV"), ("hang", "decoder hangs: no answer for 2 s")],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_clip_that_crashes_its_decoder_loses_only_itself(root, monkeypatch, end, reason, workers, real_processes):
    monkeypatch.setattr(store_module, "_decode_shard", {"crash": crashing, "hang": hanging}[end])
    folder, store = build(root, "store", how=Decode(timeout=2, max_faulty=0.5), workers=workers)
    assert store.faults == {"clip_5.mp4": reason}
    monkeypatch.undo()
    for row in read_csv(folder / "manifest.csv"):
        frames = frames_of(folder, row)
        np.testing.assert_array_equal(frames, read_clip(root / row["path"])[WINDOW.indices()])


def test_a_clip_that_came_later_is_taken_in(root):
    """What was absent is a fault of that day, not of the shard for ever."""
    aside = root.parent / "aside.mp4"
    shutil.move(root / "clip_5.mp4", aside)
    assert build(root, "before")[1].faults == {"clip_5.mp4": "absent"}
    shutil.move(aside, root / "clip_5.mp4")
    folder, store = build(root, "after")
    assert store.faults == {} and store.decoded == 1
    assert content(folder) == content(build(root, "fresh", cache="empty")[0])


def test_a_split_without_a_usable_clip_is_refused(root):
    for path in root.iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no clip of the train split can be used: empty: 0 bytes"):
        build(root, "store")
