"""Which clips share a shard, and what a shard is named by."""

import random
import statistics

import pytest

from filming import write_clip
from tailwise.data.decode.shards import LARGEST, Shard, decode_shard, partition
from tailwise.data.decode.window import Window

WINDOW = Window(centre=4, stride=2, frames=3, height=16, width=32)


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
    clips = ("a.mp4", "b.mp4")
    for seed, clip in enumerate(clips):
        write_clip(tmp_path / clip, seed, frames=8)
    return Shard(tmp_path, clips, WINDOW)


@pytest.mark.parametrize("change", ["bytes", "window", "decoder", "clips", "absent"])
def test_the_key_follows_all_that_decides_the_bytes(shard, change, monkeypatch):
    before, clips, window = shard.key(), shard.clips, shard.window
    assert Shard(shard.root, clips, window).key() == before
    if change == "bytes":
        write_clip(shard.root / "b.mp4", seed=9, frames=8)
    elif change == "window":
        window = Window(centre=4, stride=2, frames=3, height=16, width=40)
    elif change == "decoder":
        monkeypatch.setattr("decord.__version__", "0.7.0")
    elif change == "clips":
        clips = ("a.mp4",)
    else:
        (shard.root / "b.mp4").unlink()
    assert Shard(shard.root, clips, window).key() != before


def test_the_key_does_not_follow_the_place_of_the_data(shard, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for clip in shard.clips:
        (elsewhere / clip).write_bytes((shard.root / clip).read_bytes())
    assert Shard(elsewhere, shard.clips, WINDOW).key() == shard.key()


def test_a_shard_is_decoded_once(shard, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    key, facts, new = decode_shard(shard, cache)
    assert new and facts == {"rows": {"a.mp4": 0, "b.mp4": 1}, "faults": {}}
    assert decode_shard(shard, cache) == (key, facts, False)
