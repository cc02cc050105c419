"""Views of pretraining: what each aspect's augmentation leaves as it is, and that views follow from keys."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from support.logos.pictures import HEAD, write_split
from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.data.images.augment.pictures import augment_images
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.recipes.logos.contrast.options import KEPT, Contrast
from tailwise.recipes.logos.contrast.views import Pairs, with_views

OPTIONS = Contrast()
KEYS = np.array([[1, 2, 3, sample] for sample in range(40)])


def flat(n=40, size=32):
    """A red rectangle, higher than wide, on blue; left of the middle."""
    image = torch.zeros(n, 3, size, size, dtype=torch.uint8)
    image[:, 2], image[:, 0, 6:26, 4:14], image[:, 2, 6:26, 4:14] = 200, 200, 0
    return image


def viewed(aspect, image=None, strength=1.0):
    image = flat() if image is None else image
    batch = Batch({"image": image}, {}, torch.arange(len(image)))
    return with_views(replace(OPTIONS, aspects=(aspect,)), batch, strength, KEYS[: len(image)]).inputs["views"]


def test_geometry_stays_where_it_is():
    """What is brighter or darker than the ground is where it was, in other colours."""
    contrast = replace(OPTIONS, augment=replace(OPTIONS.augment, noise=0.0))
    changed = augment_images(flat(), KEYS, contrast.ranges("geometry"), 1.0)
    corner, middle = changed[:, :, 0, 0], changed[:, :, 16, 8]
    assert (changed == torch.where(flat()[:, :1] > 0, middle[..., None, None], corner[..., None, None])).all()
    assert len(corner.unique(dim=0)) > 30


def test_colours_stay_as_they_are():
    """At the edges of the turned rectangle they mix; nothing else but grey, which is erased, is there."""
    contrast = replace(OPTIONS, augment=replace(OPTIONS.augment, noise=0.0))
    changed = augment_images(flat(), KEYS, contrast.ranges("colour"), 1.0).int()
    red, blue = changed[:, 0], changed[:, 2]
    mixed = ((red + blue) - 200).abs() <= 2
    erased = (changed - 128).abs().amax(dim=1) <= 1
    assert (mixed | erased).all() and not torch.equal(changed[0], flat()[0].int())


@pytest.mark.parametrize("aspect", ["text", "shape"])
def test_nothing_is_erased_of_text_and_shape(aspect):
    assert OPTIONS.ranges(aspect).erase == 0 and OPTIONS.ranges(aspect).any


def test_text_is_neither_mirrored_nor_turned():
    """The rectangle stays left of the middle, and higher than wide."""
    only_space = replace(
        ImageAugment(), **{name: getattr(OPTIONS.augment, name) for name in ("mirror", "rotate", "shift", "zoom")}
    )
    changed = augment_images(flat(), KEYS, replace(OPTIONS, aspects=("text",), augment=only_space).ranges("text"), 1.0)
    inside = changed[:, 0] > 100
    assert (inside.any(dim=2).sum(dim=1) > 1.5 * inside.any(dim=1).sum(dim=1)).all()
    turned = (
        augment_images(flat(), KEYS, replace(OPTIONS, aspects=("shape",), augment=only_space).ranges("shape"), 1.0)[
            :, 0
        ]
        > 100
    )
    assert not (turned.any(dim=2).sum(dim=1) > 1.5 * turned.any(dim=1).sum(dim=1)).all()


def test_every_aspect_is_changed_by_what_another_one_keeps():
    """So each option changes the views of some aspect, and no aspect's are as another's."""
    kept = set().union(*KEPT.values())
    assert kept == {field.name for field in fields(ImageAugment)}
    assert all(any(getattr(OPTIONS.ranges(aspect), name) for aspect in KEPT) for name in kept)
    assert len({OPTIONS.ranges(aspect) for aspect in KEPT}) == len(KEPT)


@pytest.mark.parametrize("aspect", KEPT)
def test_both_views_of_a_pair_differ_and_follow_from_the_key(aspect):
    found = viewed(aspect)
    assert (found[:, 0] != found[:, 1]).flatten(1).any(dim=1).all()
    assert torch.equal(found, viewed(aspect))
    assert torch.equal(found[:7], viewed(aspect, flat(7)))
    assert torch.equal(viewed(aspect, strength=0.0)[:, 0], viewed(aspect, strength=0.0)[:, 1])


def test_every_aspect_is_drawn_alike():
    batch = Batch({"image": flat(40)}, {}, torch.arange(40))
    drawn = with_views(OPTIONS, batch, 1.0, KEYS).inputs
    counts = torch.bincount(drawn["aspect"], minlength=4)
    assert counts.sum() == 40 and counts.min() >= 4
    for place, aspect in enumerate(OPTIONS.aspects):
        some = drawn["aspect"] == place
        assert torch.equal(drawn["views"][some], viewed(aspect)[some])


def test_validation_has_the_same_views_every_time_and_training_other_ones(tmp_path):
    pairs = Pairs(write_split(tmp_path / "valid", 6), (HEAD,), OPTIONS)
    one, again = (pairs.collate([pairs[i] for i in places]).inputs for places in ([0, 1, 2], [2]))
    assert torch.equal(one["views"][2:], again["views"]) and torch.equal(one["aspect"][2:], again["aspect"])
    assert one["views"].shape == (3, 2, 3, 32, 32) and one["image"].shape == (3, 3, 32, 32)
    assert len(pairs) == 6 and pairs.names[0] == "logo0" and len(pairs.groups()) == 6
    assert pairs.labels("kind").tolist() == [0, 1, 2, 3, 0, 1]


@pytest.mark.parametrize(("section", "says"), [
    ({"aspects": []}, "one or more, each once"), ({"aspects": ["text", "text"]}, "each once"),
    ({"aspects": ["sound"]}, "one of geometry, colour, text, shape"), ({"temperature": 0}, "must be positive"),
    ({"aspects": ["colour"], "augment": {"hue": 90}}, "augment changes nothing but colour"),
])  # fmt: skip
def test_wrong_options_are_refused(section, says):
    with pytest.raises(UserError, match=says):
        convert(Contrast, section, "contrast")
