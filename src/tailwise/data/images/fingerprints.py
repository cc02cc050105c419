"""Pictures that look the same: other sizes, formats, margins or compression of one picture.

Two pictures are near-duplicates if their hashes differ in few bits and their small versions hardly in colour. A hash
says where brightness falls from left to right, as the difference hash does.
Source: N. Krawetz, Kind of Like That, 2013, http://www.hackerfactor.com/blog/?/archives/529-Kind-of-Like-That.html
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from PIL import Image, ImageChops

from tailwise.core.errors import UserError
from tailwise.core.stage.progress import Progress
from tailwise.core.system.guarded import map_guarded
from tailwise.data.images.canvas import over, read_picture
from tailwise.data.images.picture import PictureError
from tailwise.data.images.store import TIMEOUT_S, Opener

SIDE = 16
"""Pixels of a small version."""
DRAWN = 128
"""Pixels of a vector picture's longer side."""
FALLS = 6
"""Levels of 255 by which brightness must fall for a bit to be set: compression changes less."""
BITS, LEVELS = 32, 10.0
"""Of 256 bits, and on average of 255 levels, by which near-duplicates differ at most."""
MARGIN = 24
"""Levels by which a picture differs from the colour of its corner, where it is no margin."""
TOGETHER = 64
"""Pictures per unit of work; and, times 32, hashes compared at once."""
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """content: SHA-256 of the file, "" for one that is not there
    hash: (4,) uint64 and small: (SIDE, SIDE, 3) uint8; None for a picture that cannot be used
    """

    content: str
    hash: np.ndarray | None = None
    small: np.ndarray | None = None


@dataclass(frozen=True)
class _Part:
    """Paths to look at. lost: those that crashed a process, or hang"""

    paths: tuple[str, ...]
    lost: frozenset[str] = field(default_factory=frozenset)

    def without(self, path: str, reason: str) -> "_Part":
        return replace(self, lost=self.lost | {path})


def fingerprints(paths: Sequence[str], opener: Opener, workers: int) -> dict[str, Fingerprint]:
    """{path: its look}. Uses worker processes, because a picture may crash the process."""
    parts = [_Part(tuple(paths[start : start + TOGETHER])) for start in range(0, len(paths), TOGETHER)]
    found: dict[str, Fingerprint] = {}
    with Progress("fingerprints", len(paths), "images") as progress:
        work = partial(_look_at, opener=opener)
        for _, part in map_guarded(work, parts, workers, TIMEOUT_S, _Part.without, progress.advance):
            found |= part
    return found


def _look_at(part: _Part, report: Callable[[str], None], opener: Opener) -> dict[str, Fingerprint]:
    found = {}
    for path in part.paths:
        if path not in part.lost:
            report(path)
        try:
            content = opener(path)
        except (FileNotFoundError, UserError, PictureError):
            found[path] = Fingerprint("")
            continue
        digest = hashlib.sha256(content).hexdigest()
        found[path] = Fingerprint(digest) if path in part.lost else fingerprint_of(content, digest)
    return found


def fingerprint_of(content: bytes, digest: str = "") -> Fingerprint:
    """digest: SHA-256 of the content"""
    try:
        pixels = read_picture(content, DRAWN).pixels
        trimmed = _trimmed(_on_background(pixels))
    except PictureError:
        return Fingerprint(digest)
    grey = np.asarray(trimmed.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)).astype(np.int16)
    bits = np.packbits(grey[:, :-1] - grey[:, 1:] > FALLS)
    return Fingerprint(digest, bits.view(np.uint64), np.asarray(trimmed.resize((SIDE, SIDE), Image.Resampling.BOX)))


def _on_background(pixels: Image.Image) -> Image.Image:
    """On white; on black where it would not be seen on white."""
    try:
        return over(pixels, WHITE)
    except PictureError:
        return over(pixels, BLACK)


def _trimmed(image: Image.Image) -> Image.Image:
    """Without the margin of the colour of its first corner."""
    corner = Image.new("RGB", image.size, image.getpixel((0, 0)))
    seen = [255 * (level > MARGIN) for level in range(256)]
    different = ImageChops.difference(image, corner).convert("L").point(seen)
    return image.crop(different.getbbox() or (0, 0, *image.size))


def near_duplicates(found: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Places (a, b), a < b, of every two that are near-duplicates; compares all hashes, in chunks."""
    places = [place for place, look in enumerate(found) if look.hash is not None]
    hashes = np.array([found[place].hash for place in places], np.uint64).reshape(-1, 4)
    for start in range(0, len(places), 32 * TOGETHER):
        part = hashes[start : start + 32 * TOGETHER]
        first, second = np.nonzero(_distance(part[:, None, 0], hashes[None, start:, 0]) <= BITS)
        kept = first < second
        first, second = first[kept] + start, second[kept] + start
        close = _distance(hashes[first], hashes[second]).sum(1) <= BITS
        for a, b in zip(first[close].tolist(), second[close].tolist()):
            if _difference(found[places[a]], found[places[b]]) <= LEVELS:
                yield places[a], places[b]


def resembles(look: Fingerprint, others: Sequence[Fingerprint]) -> bool:
    """Whether a picture is a near-duplicate of any of the others."""
    known = [other for other in others if other.hash is not None]
    if look.hash is None or not known:
        return False
    distances = _distance(np.array([other.hash for other in known]), look.hash).sum(1)
    return any(_difference(look, known[place]) <= LEVELS for place in np.flatnonzero(distances <= BITS))


def _distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.bitwise_count(first ^ second).astype(np.int32)


def _difference(first: Fingerprint, second: Fingerprint) -> float:
    """Mean over the small versions of the difference in levels."""
    assert first.small is not None and second.small is not None
    return float(np.abs(first.small.astype(np.int16) - second.small).mean())


def joined(groups: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """The groups, with those joined that share a pair: each gets the first name of its component.

    >>> joined(["b", "a", "c", "b"], [(0, 1)])
    ['a', 'a', 'c', 'a']
    """
    of = {group: group for group in groups}

    def first(group: str) -> str:
        while of[group] != group:
            group = of[group]
        return group

    for a, b in pairs:
        low, high = sorted((first(groups[a]), first(groups[b])))
        of[high] = low
    return [first(group) for group in groups]
