"""A small data root of logos in folders of classes."""

from pathlib import Path

import numpy as np

from support.images.encoding import svg

KINDS = ("simple", "text")
SPLITS = ("Train", "Valid", "Test")


def logo(seed: int) -> bytes:
    """A polygon of a random form and colour, that looks like no other."""
    rng = np.random.default_rng(seed)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in rng.uniform((0, 0), (100, 50), (6, 2)))
    return svg(f'<polygon points="{points}" fill="#{rng.integers(0, 200, 3).astype(np.uint8).tobytes().hex()}"/>')


def write_splits(root: Path, count: int = 4, first: int = 0) -> Path:
    """``<split>/<class>/brand<n>-<m>.svg``: two logos of each brand."""
    seed = first
    for split in SPLITS:
        for kind in KINDS:
            write_class(root / split / kind, range(seed, seed + count))
            seed += count
    return root


def write_class(folder: Path, seeds: range) -> None:
    folder.mkdir(parents=True)
    for seed in seeds:
        (folder / f"brand{seed // 2}-{seed % 2}.svg").write_bytes(logo(seed))
