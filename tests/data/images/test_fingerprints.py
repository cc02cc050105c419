"""Near-duplicates are found whatever their size, format and margin, and other pictures are not taken for them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from support.images.encoding import encoded, svg
from tailwise.data.images import fingerprints as module
from tailwise.data.images.fingerprints import Fingerprint, fingerprint_of, joined, near_duplicates, resembles


def drawn(seed: int, side: int = 120) -> Image.Image:
    """Discs of random colours and places."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), (255, 255, 255))
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, radius = rng.uniform(0.2, 0.8) * side, rng.uniform(0.2, 0.8) * side, rng.uniform(0.05, 0.2) * side
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(rng.integers(0, 200, 3).tolist()))
    return image


def with_margin(image: Image.Image) -> Image.Image:
    wide = Image.new("RGB", (image.width + 80, image.height + 10), (255, 255, 255))
    wide.paste(image, (50, 5))
    return wide


CHANGES = {
    "size": lambda image: encoded(image.resize((70, 70), Image.Resampling.LANCZOS), "PNG"),
    "jpeg": lambda image: encoded(image, "JPEG", quality=80),
    "webp": lambda image: encoded(image, "WEBP", quality=80),
    "palette": lambda image: encoded(image.quantize(64), "GIF"),
    "margin": lambda image: encoded(with_margin(image), "PNG"),
    "brightness": lambda image: encoded(
        image.point([min(255, round(level * 1.02)) for level in range(256)] * 3), "PNG"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(5))
def test_a_changed_copy_is_a_near_duplicate(change, seed):
    first = fingerprint_of(encoded(drawn(seed), "PNG"))
    assert list(near_duplicates([first, fingerprint_of(CHANGES[change](drawn(seed)))])) == [(0, 1)]


def test_other_pictures_are_none():
    assert not list(near_duplicates([fingerprint_of(encoded(drawn(seed), "PNG")) for seed in range(60)]))


def test_another_colour_is_another_picture():
    """A flat logo and the same with a gradient may be of two classes."""
    red, blue = (svg(f'<circle cx="50" cy="25" r="20" fill="{colour}"/>') for colour in ("#a01010", "#1010a0"))
    assert not list(near_duplicates([fingerprint_of(red), fingerprint_of(blue)]))


def test_what_is_white_is_seen_on_black():
    logos = [svg(f'<path fill="#fff" d="M0 0L{x} 0L50 50z"/>') for x in (90, 20, 90)]
    assert list(near_duplicates([fingerprint_of(logo) for logo in logos])) == [(0, 2)]


def test_a_picture_that_cannot_be_used_is_like_no_other():
    assert fingerprint_of(b"x").hash is None
    assert not list(near_duplicates([Fingerprint(""), fingerprint_of(b""), fingerprint_of(b"x")]))


def test_pairs_do_not_depend_on_the_chunks(monkeypatch):
    found = [fingerprint_of(encoded(drawn(seed % 7), "PNG")) for seed in range(20)]
    expected = [(a, b) for a in range(20) for b in range(a + 1, 20) if a % 7 == b % 7]
    assert sorted(near_duplicates(found)) == expected
    monkeypatch.setattr(module, "TOGETHER", 1)
    assert sorted(near_duplicates(found)) == expected


def test_one_picture_against_many():
    found = [fingerprint_of(encoded(drawn(seed), "PNG")) for seed in range(5)]
    assert resembles(fingerprint_of(encoded(drawn(3), "JPEG", quality=80)), [*found, Fingerprint("")])
    assert not resembles(fingerprint_of(encoded(drawn(9), "PNG")), found)
    assert not resembles(found[0], []) and not resembles(fingerprint_of(b"x"), found)


def test_groups_that_share_a_pair_are_joined_also_by_others():
    assert joined(list("abcde"), [(3, 4), (0, 1), (1, 3)]) == ["a", "a", "c", "a", "a"]
    assert joined(list("aba"), []) == ["a", "b", "a"]
