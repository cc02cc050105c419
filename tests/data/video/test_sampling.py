"""Which frames of a clip are taken, and which parts of them."""

import numpy as np
import pytest

from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.sampling import (
    PROTOCOLS,
    Sampling,
    changes,
    crop_corners,
    dense,
    distinct,
    key_frames,
    segments,
    uniform,
    views_of,
)


def clip(count, height=16, width=24):
    """Frames that tell their number, and the columns of their pixels."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[..., 0] = np.arange(count)[:, None, None]
    frames[..., 1] = np.arange(width)
    return frames


def test_uniform_takes_the_middles_of_equal_parts():
    assert uniform(16, 4).tolist() == [2, 6, 10, 14]
    assert uniform(3, 6).tolist() == [0, 0, 1, 1, 2, 2]
    assert uniform(1, 8).tolist() == [0] * 8


@pytest.mark.parametrize(("frames", "clips"), [(8, 1), (8, 2), (16, 2), (8, 3)])
@pytest.mark.parametrize("count", [7, 40, 45, 117])
def test_clips_sampled_from_the_store_are_those_sampled_from_the_file(count, frames, clips):
    stored = np.array(Spread(frames * clips, 8, 8).among(count))
    for nth in range(clips):
        assert (stored[uniform(len(stored), frames, nth, clips)] == uniform(count, frames, nth, clips)).all()


def test_segments_take_one_frame_of_each_part_and_every_frame_at_some_draw():
    rng = np.random.default_rng(0)
    drawn = np.stack([segments(24, 8, rng.random(8)) for _ in range(200)])
    assert (drawn // 3 == np.arange(8)).all()
    assert sorted(set(drawn.ravel().tolist())) == list(range(24))


def test_dense_frames_are_neighbours_from_starts_all_over_the_clip():
    starts = {tuple(dense(10, 4, 2, share).tolist()) for share in np.linspace(0, 0.999, 50)}
    assert starts == {(0, 2, 4, 6), (1, 3, 5, 7), (2, 4, 6, 8), (3, 5, 7, 9)}
    assert dense(3, 4, 2, 0.5).tolist() == [0, 2, 2, 2]


def test_key_frames_are_where_the_content_changes():
    frames = np.zeros((40, 16, 16, 3), np.uint8)
    frames[20:30] = np.linspace(0, 250, 10).astype(np.uint8)[:, None, None, None]
    frames[30:] = 250
    places = key_frames(changes(frames), 8)
    assert (np.diff(places) > 0).all() and ((places >= 18) & (places <= 31)).all()


def test_key_frames_of_a_still_or_short_clip_are_uniform_or_repeated():
    assert key_frames(np.zeros(31), 8).tolist() == uniform(32, 8).tolist()
    assert len(key_frames(np.array([1.0, 2.0]), 8)) == 8 and key_frames(np.zeros(0), 4).tolist() == [0] * 4


def test_noise_of_single_pixels_changes_less_than_a_block():
    rng = np.random.default_rng(0)
    noisy = rng.integers(100, 140, (2, 32, 32, 3)).astype(np.uint8)
    moved = np.full((2, 32, 32, 3), 100, np.uint8)
    moved[1, :16, :16] = 140
    assert changes(noisy)[0] < changes(moved)[0]


@pytest.mark.parametrize("places", [[0, 0, 0, 5], [9, 9, 9, 9], [3, 3, 4, 9], [0, 3, 6, 9]])
def test_places_are_moved_apart_in_order_and_within_the_clip(places):
    found = distinct(np.array(places), 10)
    assert (np.diff(found) > 0).all() and found[0] >= 0 and found[-1] < 10
    if len(set(places)) == 4:
        assert found.tolist() == places


def test_training_follows_from_its_draws_and_a_test_from_nothing():
    frames, draws = clip(32), np.linspace(0, 0.9, 8)
    for kind in ("uniform", "segments", "key_frames", "dense"):
        how = Sampling(kind, 8)
        first, again = how.for_training(frames, draws), how.for_training(frames, draws)
        assert (first == again).all() and first.shape == (8,) and (first >= 0).all() and (first < 32).all()
        assert (how.for_test(frames, 0, 1) == how.for_test(frames, 0, 1)).all()
        moved = (how.for_training(frames, 1 - draws) != first).any()
        assert moved == (kind in ("segments", "dense"))


def test_the_published_protocol_of_16_frames_2_clips_3_crops():
    protocol = PROTOCOLS["16x2x3"]
    assert protocol.views == 6
    views = views_of(clip(32), protocol, 16)
    assert views.shape == (6, 16, 16, 16, 3)
    assert views[:3, :, 0, 0, 0].tolist() == [list(range(0, 32, 2))] * 3
    assert views[3:, :, 0, 0, 0].tolist() == [list(range(1, 32, 2))] * 3
    assert views[:, 0, 0, 0, 1].tolist() == [0, 4, 8] * 2  # the crops' first columns


def test_protocols_are_named_by_frames_clips_and_crops():
    assert all(name == f"{each.frames}x{each.clips}x{each.crops}" for name, each in PROTOCOLS.items())


def test_crops_lie_along_the_longer_side():
    assert crop_corners(10, 10, 8, 1) == [(1, 1)]
    assert crop_corners(20, 8, 8, 3) == [(0, 0), (6, 0), (12, 0)]
    with pytest.raises(ValueError, match="a crop of 9x9 pixels does not fit"):
        crop_corners(8, 20, 9, 3)
    with pytest.raises(ValueError, match="1 or 3 crops"):
        crop_corners(8, 20, 8, 2)


@pytest.mark.parametrize(
    ("options", "said"), [(("uniform", 0), "frames"), (("dense", 8, 0), "stride"), (("uniform", 8, 2), "of kind dense")]
)
def test_a_sampling_that_cannot_be_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Sampling(*options)
