"""Views of decoded clips: which frames and parts each sampling and protocol takes, and what is refused."""

import numpy as np
import pytest

from tailwise.data.video.sampling import PROTOCOLS, Sampling, views_of
from tailwise.data.video.views import Views

UNIFORM = Sampling("uniform", 8)


def numbered(count: int = 16, height: int = 12, width: int = 20) -> np.ndarray:
    """Frames (N, H, W, 3) whose pixels say where they are: frame, row, column."""
    places = np.meshgrid(range(count), range(height), range(width), indexing="ij")
    return np.stack(places, axis=-1).astype(np.uint8)


def places(view: np.ndarray) -> list[int]:
    return view[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("test", [name for name, protocol in PROTOCOLS.items() if protocol.frames == 8])
@pytest.mark.parametrize("kind", ["uniform", "dense"])
def test_the_views_of_a_protocol_are_those_of_the_samplings(kind, test):
    frames = numbered()
    found = Views(Sampling(kind, 8), 10, test).for_test(frames)
    np.testing.assert_array_equal(found, views_of(frames, PROTOCOLS[test], 10, kind))
    assert len({view.tobytes() for view in found}) == len(found) == PROTOCOLS[test].views


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("uniform", [1, 3, 5, 7, 9, 11, 13, 15]),
        ("segments", [1, 3, 5, 7, 9, 11, 13, 15]),
        ("dense", [4, 5, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_each_kind_takes_its_frames_in_a_test(kind, expected):
    (view,) = Views(Sampling(kind, 8)).for_test(numbered())
    assert places(view) == expected


def test_key_frames_are_where_the_content_changes():
    frames = np.zeros((16, 8, 8, 3), np.uint8)
    frames[10:] = np.arange(6)[:, None, None, None] * 40
    frames[..., 0, 0, 0] = np.arange(16)  # one value says which frame it is
    (view,) = Views(Sampling("key_frames", 4)).for_test(frames)
    assert min(places(view)) >= 9


def drawn(views: Views, count: int = 60) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [views.for_training(numbered(), rng.random(views.sampling.frames + 2)) for _ in range(count)]


@pytest.mark.parametrize(("kind", "varied"), [("uniform", False), ("segments", True), ("dense", True)])
def test_training_varies_what_the_kind_says(kind, varied):
    views = Views(Sampling(kind, 8))
    assert (len({tuple(places(view)) for view in drawn(views)}) > 1) == varied == views.varies


def test_crops_of_training_are_everywhere_and_of_one_place():
    views = Views(UNIFORM, crop=10)
    found = drawn(views)
    assert {view.shape for view in found} == {(8, 10, 10, 3)} and views.varies
    assert {int(view[0, 0, 0, 1]) for view in found} == {0, 1, 2}
    assert {int(view[0, 0, 0, 2]) for view in found} >= {0, 10}
    assert all((view[:, 0, 0, 1:] == view[0, 0, 0, 1:]).all() for view in found)


def test_the_plain_view_is_the_middle():
    view = Views(UNIFORM, crop=10).plain(numbered())
    assert view[0, 0, 0].tolist() == [1, 1, 5] and view.shape == (8, 10, 10, 3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((UNIFORM, 10, "9x1x1"), "'9x1x1' is no protocol; there are: 8x1x1"),
        ((UNIFORM, 10, "16x1x3"), "test 16x1x3 is of 16 frames, sampling of 8"),
        ((UNIFORM, None, "8x1x3"), "has three crops: set crop"),
        ((UNIFORM, 0, None), "crop must be at least 1"),
    ],
)
def test_wrong_views_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Views(*wrong)


@pytest.mark.parametrize(
    ("views", "decoded", "said"),
    [
        (Views(UNIFORM), (7, 12, 20), "takes 8 frames of 7"),
        (Views(UNIFORM, 13), (8, 12, 20), "crop of 13x13 pixels does not fit"),
        (Views(UNIFORM, 10, "8x2x3"), (8, 12, 20), "takes the same in each clip"),
        (Views(Sampling("key_frames", 8), 10, "8x2x3"), (16, 12, 20), "key_frames of 16 frames takes the same"),
        (Views(UNIFORM, 12, "8x1x3"), (16, 12, 12), "crops of 12 pixels are the same"),
    ],
)
def test_views_without_an_effect_are_refused(views, decoded, said):
    with pytest.raises(ValueError, match=said):
        views.check(decoded)
    Views(UNIFORM, 10, "8x2x3").check((16, 12, 20))
