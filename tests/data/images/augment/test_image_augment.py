"""Augmentation of pictures: each option in numbers worked out by hand, and that all follows from the keys."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.data.images.augment.light import changes, coloured, erased, noisy
from tailwise.data.images.augment.pictures import augment_images, preparation
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.data.images.augment.space import placed, sources

NONE = ImageAugment()
ALL = ImageAugment(0.5, 0.2, 0.3, 0.2, 30, 0.3, 0.3, 0.3, 60, 0.2, 0.4, 0.05)
HALF = (0.99, 0.5, 0.5, 0.5, 0.5, 0.5)
"""Draws of space that leave a picture as it is."""
ONE = np.ones(1)


def keys(*samples):
    return np.array([[1, 7, 0, sample] for sample in samples])


def pictures(b=6, size=16, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (b, 3, size, size), np.uint8))


def moved(augment, strength=1.0, size=8, **draws):
    """A picture whose pixels are all different, as it is placed by these draws. draws: {name: number}"""
    names = ("mirror", "zoom", "stretch", "turn", "right", "down")
    drawn = np.array([[draws.get(name, value) for name, value in zip(names, HALF)]])
    image = torch.arange(3.0 * size * size).reshape(1, 3, size, size)
    return image, placed(image, drawn, augment, np.array([strength]))


def tinted(colour, augment, strength=1.0, **draws):
    names = ("brightness", "contrast", "saturation", "hue", "grey")
    drawn = np.array([[draws.get(name, 0.99 if name == "grey" else 0.5) for name in names]])
    image = torch.tensor(colour, dtype=torch.float32).reshape(1, 3, 1, 1)
    return coloured(image, drawn, augment, np.array([strength])).flatten().tolist()


def test_a_mirrored_picture_is_flipped():
    image, found = moved(replace(NONE, mirror=0.5), mirror=0.49)
    torch.testing.assert_close(found, image.flip(3), rtol=0, atol=1e-3)
    image, found = moved(replace(NONE, mirror=0.5), mirror=0.49, strength=0.5)
    torch.testing.assert_close(found, image, rtol=0, atol=1e-3)


def test_a_shift_moves_right_and_down_and_repeats_the_edge():
    image, found = moved(replace(NONE, shift=0.25), right=1.0)
    torch.testing.assert_close(found[..., 2:], image[..., :-2], rtol=0, atol=1e-3)
    torch.testing.assert_close(found[..., :2], image[..., :1].expand(-1, -1, -1, 2), rtol=0, atol=1e-3)
    image, found = moved(replace(NONE, shift=0.25), down=0.0)
    torch.testing.assert_close(found[:, :, :-2], image[:, :, 2:], rtol=0, atol=1e-3)


def test_a_quarter_turn_is_clockwise():
    image, found = moved(replace(NONE, rotate=90), turn=1.0)
    torch.testing.assert_close(found, image.rot90(-1, (2, 3)), rtol=0, atol=1e-3)


def test_zoom_shows_the_middle_enlarged():
    image, found = moved(replace(NONE, zoom=1.0), zoom=1.0, size=9)
    assert found[0, 0, 4, 4] == image[0, 0, 4, 4]
    torch.testing.assert_close(found[0, 0, ::2, ::2], image[0, 0, 2:7, 2:7], rtol=0, atol=1e-3)


def test_stretch_keeps_the_area():
    drawn = np.array([HALF])
    drawn[:, 2] = 1.0
    linear = sources(drawn, replace(NONE, stretch=0.44), ONE)[0, :, :2]
    assert linear == pytest.approx(np.diag([1 / 1.2, 1.2])) and np.linalg.det(linear) == pytest.approx(1)


@pytest.mark.parametrize(("augment", "draws", "then"), [
    ({"brightness": 0.5}, {"brightness": 1.0}, (60, 150, 300)),
    ({"brightness": 0.5}, {"brightness": 0.0}, (20, 50, 100)),
    ({"contrast": 0.5}, {"contrast": 1.0}, (-3.75, 86.25, 236.25)),
    ({"grey": 0.5}, {"grey": 0.1}, (93.46, 93.46, 93.46)),
    ({"saturation": 0.5}, {"saturation": 1.0}, (13.27, 103.27, 253.27)),
    ({"hue": 120}, {"hue": 0.5}, (40, 100, 200)),
])  # fmt: skip
def test_colours_change_as_they_say(augment, draws, then):
    """Brightness of (40, 100, 200) is 93.46; a saturation of 1.5 moves each value 1.5 times as far from it."""
    assert tinted((40, 100, 200), replace(NONE, **augment), **draws) == pytest.approx(then, abs=0.01)


def test_a_turn_of_the_hue_keeps_brightness_and_grey():
    turned = tinted((40, 100, 200), replace(NONE, hue=180), hue=0.9)
    luma = np.array([0.299, 0.587, 0.114])
    assert luma @ turned == pytest.approx(luma @ (40, 100, 200), abs=1e-3)
    assert np.abs(np.array(turned) - (40, 100, 200)).max() > 50
    assert tinted((90, 90, 90), replace(NONE, hue=180), hue=0.9) == pytest.approx((90, 90, 90), abs=1e-2)


def test_half_the_strength_is_half_the_change():
    drawn = np.array([[1.0, 0.2, 0.7, 0.6, 0.9]])
    augment = replace(NONE, brightness=0.4)
    assert changes(drawn, augment, np.array([0.5]))[0] == pytest.approx(1.2 * np.eye(3)[None], abs=1e-9)


def test_an_erased_rectangle_is_grey():
    image = pictures(1, 8).float()
    found = erased(image, np.array([[0.999, 0.999, 0.999, 0.0]]), replace(NONE, erase=0.5), ONE)
    assert (found[0, :, 4:, :4] == 127.5).all() and torch.equal(found[0, :, :4], image[0, :, :4])
    assert torch.equal(found[0, :, :, 4:], image[0, :, :, 4:])


def test_noise_has_its_deviation():
    image = torch.full((4, 3, 32, 32), 100.0)
    found = noisy(image, keys(0, 1, 2, 3), 1, replace(NONE, noise=0.1), np.array([1.0, 0.5, 0.0, 1.0])) - 100
    assert found.std(dim=(1, 2, 3)).tolist() == pytest.approx([25.5, 12.75, 0, 25.5], rel=0.05)
    assert not torch.equal(found[0], found[3])


@pytest.mark.parametrize("name", [field.name for field in fields(ImageAugment)])
def test_every_option_changes_pictures_and_moves_no_other_ones_draws(name):
    image, drawn = pictures(), keys(*range(6))
    alone = augment_images(image, drawn, replace(NONE, **{name: getattr(ALL, name)}), 1.0)
    assert not torch.equal(alone, image) and alone.dtype == torch.uint8
    assert torch.equal(augment_images(image, drawn, NONE, 1.0), image)
    assert torch.equal(alone, augment_images(image, drawn, replace(NONE, **{name: getattr(ALL, name)}), 1.0))


def test_a_sample_is_changed_the_same_whatever_else_is_in_the_batch():
    image = pictures()
    together = augment_images(image, keys(*range(6)), ALL, 0.8)
    mixed = [5, 3]
    found = augment_images(image[mixed], keys(*mixed), ALL, 0.8)
    assert torch.equal(found, together[mixed])
    assert torch.equal(augment_images(image[3:4], keys(3), ALL, 0.8), together[3:4])


def test_a_sample_is_changed_by_its_own_strength():
    image, drawn = pictures(3), keys(0, 1, 2)
    found = augment_images(image, drawn, ALL, np.array([0.0, 0.4, 1.0]))
    for i, strength in enumerate([0.0, 0.4, 1.0]):
        assert torch.equal(found[i], augment_images(image, drawn, ALL, strength)[i])
    assert (found[0].int() - image[0].int()).abs().max() <= 1  # the rounding of a picture placed where it was


def test_another_epoch_is_another_draw():
    image = pictures(2)
    assert not torch.equal(augment_images(image, keys(0, 1), ALL, 1), augment_images(image, keys(0, 1) + 1, ALL, 1))


def test_prepare_changes_the_pictures_of_a_batch_alone():
    batch = Batch({"image": pictures(2)}, {"kind": torch.tensor([0, 1])}, torch.arange(2))
    ready = preparation(ALL)(batch, 1.0, keys(0, 1))
    assert torch.equal(ready.inputs["image"], augment_images(batch.inputs["image"], keys(0, 1), ALL, 1.0))
    assert ready.targets is batch.targets


@pytest.mark.parametrize(("section", "says"), [
    ({"mirror": 0.6}, "mirror must be in"), ({"erase": 1.0}, r"erase must be in \[0, 1\)"),
    ({"rotate": 181}, "rotate must be in"), ({"zoom": -1}, "zoom must be in"), ({"blur": 1}, "blur is unknown"),
])  # fmt: skip
def test_wrong_ranges_are_refused(section, says):
    with pytest.raises(UserError, match=says):
        convert(ImageAugment, section, "augment")
