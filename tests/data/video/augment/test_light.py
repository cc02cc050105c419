"""Brightness, contrast, colour and the erased rectangle, in numbers worked out by hand."""

import numpy as np
import pytest
import torch

from tailwise.data.augment.streams import rectangles
from tailwise.data.video.augment.light import drawn_light, lit, room_for
from tailwise.data.video.augment.ranges import Augment

CPU = torch.device("cpu")


def after(values, augment, strength=1.0, size=(1, 1), **draws):
    """A view of one frame, all its pixels of this colour, as (H, W, 3) numbers."""
    frames = torch.tensor(values, dtype=torch.uint8).repeat(1, 1, *size, 1)
    drawn = {"base": np.full((1, 5), 0.5), **{group: np.array([each]) for group, each in draws.items()}}
    return lit(frames, *drawn_light(drawn, augment, np.array([strength]), size, CPU), room_for(frames.shape, CPU))[0, 0]


@pytest.mark.parametrize(("drawn", "strength", "then"), [
    (1.0, 1.0, [0, 131, 221]),
    (1.0, 0.5, [18, 130, 205]),
    (0.0, 1.0, [83, 128, 158]),
    (0.5, 1.0, [40, 130, 190]),
])  # fmt: skip
def test_contrast_is_the_distance_from_mid_grey(drawn, strength, then):
    """A contrast of 0.5 at the highest draw: 127.5 + 1.5 * (40 - 127.5) = -3.75, which is 0, and so on."""
    augment = Augment(0, 0, 0, 0, contrast=0.5)
    assert after([40, 130, 190], augment, strength, light=(drawn, 0.5, 0.5, 0.5))[0, 0].tolist() == then


def test_each_colour_changes_by_its_own_draw():
    augment = Augment(0, 0, 0, 0, colour=0.5)
    assert after([100, 100, 200], augment, light=(0.5, 1.0, 0.0, 1.0))[0, 0].tolist() == [150, 50, 255]
    assert after([100, 100, 100], augment, 0.5, light=(0.5, 1.0, 0.0, 0.5))[0, 0].tolist() == [125, 75, 100]


def test_an_erased_rectangle_is_grey_and_the_rest_as_it_was():
    """Half of 4 rows and half of 8 columns, as low and as far left as it may be."""
    found = after([10, 20, 30], Augment(0, 0, 0, 0, erase=0.5), size=(4, 8), erase=(0.999, 0.999, 0.999, 0.0))
    grey = (found == 127).all(dim=2)
    assert grey.nonzero().tolist() == [[row, column] for row in (2, 3) for column in range(4)]
    assert (found[~grey] == torch.tensor([10, 20, 30])).all()


def test_what_is_erased_is_grey_whatever_the_light():
    augment = Augment(0, 0, 0.5, 0, contrast=0.5, colour=0.5, erase=0.9)
    found = after([10, 20, 30], augment, size=(10, 10), light=(0.9, 0.1, 0.2, 0.3), erase=(0.999, 0.999, 0.0, 0.0))
    grey = (found == 127).all(dim=2)
    assert grey[:9, :9].all() and not grey[9].any() and not grey[:, 9].any()


def test_rectangles_lie_within_and_grow_with_their_range():
    uniform = np.random.default_rng(0).random((500, 4))
    half, whole = (rectangles(share * uniform[:, :2], uniform[:, 2:], (20, 40)) for share in (0.25, 0.5))
    heights = [each.any(axis=2).sum(axis=1) for each in (half, whole)]
    assert heights[0].max() == 5 and heights[1].max() == 10 and heights[1].mean() == pytest.approx(5, abs=0.3)
    assert whole.any(axis=(0, 2)).all() and whole.any(axis=(0, 1)).all()
    assert not rectangles(np.zeros((500, 2)), uniform[:, 2:], (20, 40)).any()


def test_values_are_rounded_down_in_place():
    drawn = {"base": np.random.default_rng(0).random((5, 5)), "light": np.random.default_rng(1).random((5, 4))}
    frames = torch.randint(0, 256, (5, 2, 4, 6, 3), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    factor, summand = drawn_light(drawn, Augment(0, 0, 0.5, 0, contrast=0.5, colour=0.5), np.ones(5), (4, 6), CPU)
    exact = (frames.flatten(3).float() * factor + summand).clamp(0, 255).to(torch.uint8).view(frames.shape)
    assert lit(frames, factor, summand, room_for(frames.shape, CPU)) is frames
    assert torch.equal(frames, exact)
