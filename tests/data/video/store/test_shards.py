"""How clips are assigned to shards, and how shards are named."""

import errno
import hashlib
import os
import random
import re
import resource
import statistics
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from support.video.filming import write_clip
from tailwise.data.raw import RawFile
from tailwise.data.shards.cache import cached_facts, clear_parts
from tailwise.data.shards.partition import LARGEST, partition
from tailwise.data.shards.rows import RowFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store import shards as module
from tailwise.data.video.store.shards import Shard, decode_shard

WINDOW = Window(centre=4, stride=2, frames=3, margin=0, height=16, width=32)


def names(n: int) -> list[str]:
    return [f"Train/action_{i // 2}/clip_{i % 2}.mp4" for i in range(n)]


def as_set(shards):
    return {tuple(shard) for shard in shards}


@pytest.mark.parametrize("n", [0, 1, LARGEST, LARGEST + 1, 1000, 10_000])
def test_every_clip_is_in_one_shard_of_limited_size(n):
    shards = partition(names(n))
    assert sorted(clip for shard in shards for clip in shard) == sorted(names(n))
    assert all(0 < len(shard) <= LARGEST for shard in shards)


def test_the_partition_depends_on_the_set_only():
    shuffled = names(1000)
    random.Random(0).shuffle(shuffled)
    assert partition(shuffled) == partition(names(1000))


def test_shards_hold_about_64_clips():
    """Between the halved and the full; which of the two depends on where the number lies between powers of 2."""
    sizes = [statistics.mean(map(len, partition(names(n)))) for n in (1000, 1260, 1587, 2000, 10_000)]
    assert statistics.mean(sizes[:3]) == pytest.approx(64, abs=8)
    assert all(LARGEST / 2 < size < LARGEST for size in sizes)


@pytest.mark.parametrize("n", [1000, 10_000])
@pytest.mark.parametrize("added", ["Train/action_99999/clip_0.mp4", "Train/action_5/clip_7.mp4", "Valid/a.mp4"])
def test_one_more_clip_changes_one_shard_or_splits_it(n, added):
    before, after = as_set(partition(names(n))), as_set(partition([*names(n), added]))
    gone, new = before - after, after - before
    assert len(gone) == 1 and len(new) in (1, 2)
    assert {clip for shard in new for clip in shard} == {added, *next(iter(gone))}


def test_a_full_shard_splits_alone():
    """Somewhere among many additions a shard overflows; the others never notice."""
    clips, splits, before = names(1400), 0, as_set(partition(names(1400)))
    for i in range(40):
        clips.append(f"Train/action_{5000 + i}/clip_0.mp4")
        after = as_set(partition(clips))
        splits += len(after - before) > 1
        assert len(before - after) == 1
        before = after
    assert splits > 0


@pytest.fixture
def shard(tmp_path):
    clips = {clip: digest(write_clip(tmp_path / clip, seed, frames=8)) for seed, clip in enumerate(("a.mp4", "b.mp4"))}
    return Shard(tmp_path, clips, WINDOW)


@pytest.mark.parametrize("change", ["bytes", "window", "margin", "decord", "av", "code", "clips", "absent", "lost"])
def test_the_key_follows_all_that_decides_the_bytes(shard, change, monkeypatch):
    before = shard.key()
    if change in ("decord", "av"):
        monkeypatch.setattr(f"{change}.__version__", "0.7.0")
    if change == "code":
        monkeypatch.setattr(module, "code_hash", lambda: "other code")
    changed = {
        "bytes": replace(shard, clips={**shard.clips, "b.mp4": "another"}),
        "window": replace(shard, window=replace(WINDOW, width=40)),
        "margin": replace(shard, window=replace(WINDOW, margin=1)),
        "clips": replace(shard, clips={"a.mp4": shard.clips["a.mp4"]}),
        "absent": replace(shard, clips={**shard.clips, "b.mp4": ""}),
        "lost": shard.without("b.mp4", "crashed: SIGSEGV"),
    }.get(change, shard)
    assert changed.key() != before and (changed is shard or shard.key() == before)


def test_the_key_does_not_follow_the_place_of_the_data(shard):
    assert replace(shard, root=shard.root / "elsewhere").key() == shard.key()


def test_a_decoded_shard_is_in_the_cache(shard, tmp_path):
    assert cached_facts(shard, tmp_path) is None
    said = []
    key, facts = decode_shard(shard, tmp_path, said.append)
    assert (key, said) == (shard.key(), ["a.mp4", "b.mp4"])
    assert facts["rows"] == {"a.mp4": 0, "b.mp4": 1} and facts["faults"] == {}
    assert cached_facts(shard, tmp_path) == facts
    rows = np.load(tmp_path / f"{key}.npy")
    expected = [decode_clip(RawFile(tmp_path, clip), WINDOW)[0] for clip in shard.clips]
    np.testing.assert_array_equal(rows, np.stack(expected))


def test_a_shard_whose_array_is_gone_is_decoded_anew(shard, tmp_path):
    key, _ = decode_shard(shard, tmp_path, str)
    (tmp_path / f"{key}.npy").unlink()
    assert cached_facts(shard, tmp_path) is None


def test_the_code_that_counts_is_what_decoding_imports():
    """All of this project that a shard's decoding reads, but for core."""
    package, found, waiting = "tailwise.data.", set(), {"tailwise.data.video.store.shards"}
    while waiting:
        found.add(name := waiting.pop())
        file = module.Path(module.__file__).parents[2] / f"{name.removeprefix(package).replace('.', '/')}.py"
        imported = re.findall(r"^from (tailwise\.data\.[\w.]+) import", file.read_text(), re.MULTILINE)
        waiting |= set(imported) - found
    expected = {f"{name.replace('.', '/')}.py" for name in found}
    assert {file.as_posix().rpartition("/src/")[2] for file in module.CODE} == expected


def test_a_failed_write_leaves_nothing(shard, tmp_path):
    with pytest.raises(ZeroDivisionError), RowFile(tmp_path / "x.npy") as rows:
        rows.append(np.zeros((2, 3), np.uint8))
        raise ZeroDivisionError
    assert not list(tmp_path.glob("*x.npy*"))


@contextmanager
def small_files():
    """Files of at most 200 bytes, as on a full disk: writes fail in the same place."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("size", [100, 5_000, 100_000], ids=["at the end", "at closing", "at once"])
@pytest.mark.parametrize("rows", [1, 2])
def test_a_disk_without_room_names_the_file_wherever_the_write_fails(tmp_path, size, rows):
    """Small rows wait in the buffer, and are written when the file is finished or closed."""
    with small_files(), pytest.raises(OSError) as refused, RowFile(tmp_path / "x.npy") as file:
        for _ in range(rows):
            file.append(np.zeros(size, np.uint8))
    assert refused.value.filename == str(tmp_path / "x.npy") and not list(tmp_path.glob("*"))


def test_a_disk_without_room_is_an_error_that_names_the_file(shard, tmp_path):
    with small_files(), pytest.raises(OSError) as refused:
        decode_shard(shard, tmp_path, str)
    assert refused.value.filename.startswith(str(tmp_path)) and refused.value.errno == errno.EFBIG
    assert not list(tmp_path.glob("*.npy")) and not list(tmp_path.glob(".*"))


def test_a_clip_that_was_given_up_is_not_opened_again(shard, tmp_path):
    said = []
    _, facts = decode_shard(shard.without("a.mp4", "crashed: SIGSEGV"), tmp_path, said.append)
    assert said == ["b.mp4"] and facts["faults"] == {"a.mp4": "decoder crashed: SIGSEGV"}
    assert facts["rows"] == {"b.mp4": 0}


def test_parts_of_dead_processes_are_cleared_and_those_of_living_ones_stay(tmp_path):
    dead, alive = tmp_path / ".a.npy.4194305", tmp_path / f".b.npy.{os.getpid()}"
    for file in (dead, alive, tmp_path / "c.npy"):
        file.touch()
    clear_parts(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [alive.name, "c.npy"]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
