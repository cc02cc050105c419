"""What the texts of classes say."""

import numpy as np
import pytest

from tailwise.recipes.actions.clips.labels import (
    groups_of,
    is_pretence,
    mirror_ids,
    mirror_pairs,
    mirror_text,
    one_sided,
    verb,
)
from tailwise.recipes.actions.demo.plan import CLASSES, PAIRS

OFFICIAL = {
    46: "Opening something",
    50: "Plugging something into something but pulling it right out as you remove your hand",
    86: "Pulling something from left to right",
    87: "Pulling something from right to left",
    93: "Pushing something from left to right",
    94: "Pushing something from right to left",
    119: "Putting something upright on the table",
    166: "Turning the camera left while filming something",
    167: "Turning the camera right while filming something",
    168: "Turning the camera upwards while filming something",
}
"""Of Something-Something-V2's 174 classes, all that hold "left" or "right" in a word, and two others, by id."""


def test_a_flip_swaps_exactly_the_three_pairs():
    ids = list(OFFICIAL)
    pairs = [(ids[one], ids[other]) for one, other in mirror_pairs(list(OFFICIAL.values()))]
    assert pairs == [(86, 87), (93, 94), (166, 167)]


def test_right_out_is_no_side():
    assert mirror_text(OFFICIAL[50]) == OFFICIAL[50] and not one_sided([OFFICIAL[50]])


def test_mirroring_twice_gives_every_class_back():
    ids = mirror_ids(CLASSES)
    assert (ids[ids] == np.arange(len(CLASSES))).all() and (ids != np.arange(len(CLASSES))).sum() == 4


def test_a_side_whose_mirror_image_is_no_class_is_one_sided():
    assert one_sided(["Turning left", "Opening something"]) == ["Turning left"]
    assert not one_sided(["Turning left", "Turning right"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Putting something onto something", "put"),
        ("Lifting up one end of something", "lift"),
        ("Poking a hole into some substance", "poke"),
        ("Spinning something that quickly stops spinning", "spin"),
        ("Something falling like a rock", "fall"),
        ("Something being deflected from something", "deflect"),
        ("Something colliding with something and both come to a halt", "collide"),
        ("Pretending to be tearing something that is not tearable", "tear"),
        ("Pretending or failing to wipe something off of something", "wipe"),
        ("Pretending or trying and failing to twist something", "twist"),
        ("Trying but failing to attach something to something because it doesn't stick", "attach"),
        ("Failing to put something into something because something does not fit", "put"),
        ("goal", "goal"),
    ],
)
def test_the_verb_is_of_what_is_done_or_pretended(name, said):
    assert verb(name) == said


def test_groups_hold_every_class_once():
    groups = groups_of(CLASSES)
    assert all(sorted(sum(of.values(), [])) == list(CLASSES) for of in groups.values())
    assert {name for name in CLASSES if is_pretence(name)} == set(groups["pretence"]["pretended"]) == set(PAIRS[5])
    assert groups["side"]["left"] == [name for name in CLASSES if name.endswith("left")]
