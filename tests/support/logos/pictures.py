"""Prepared splits of pictures in memory: each class a colour and a place of a square on a grey ground."""

from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv, write_json
from tailwise.core.heads import Head

HEAD = Head("kind", ("simple", "text", "gradient", "complex"))
SIZE = 32
COLOURS = np.array([[220, 30, 30], [30, 200, 40], [40, 60, 220], [230, 210, 40]])


def make_pictures(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, SIZE, SIZE, 3) uint8 and class ids (N,)."""
    rng = np.random.default_rng(seed)
    ids = np.arange(n) % len(HEAD.classes)
    pictures = rng.integers(110, 140, (n, SIZE, SIZE, 3))
    for picture, label in zip(pictures, ids):
        top, left = rng.integers(0, SIZE - 16, 2)
        picture[top : top + 16, left : left + 16] = COLOURS[label] + rng.integers(-20, 20, 3)
    return pictures.clip(0, 255).astype(np.uint8), ids


def write_split(folder: Path, n: int, seed: int = 0) -> Path:
    """A prepared split of n pictures in two shards."""
    folder.mkdir(parents=True)
    pictures, ids = make_pictures(n, seed)
    half = (n + 1) // 2
    for name, some in (("images-000", pictures[:half]), ("images-001", pictures[half:])):
        np.save(folder / f"{name}.npy", some)
    rows = [
        [f"logo{i}", f"brand{i // 2}", f"{i}.svg", f"{i:064x}", HEAD.classes[ids[i]], *divmod(i, half)]
        for i in range(n)
    ]
    rows = [[*row[:5], f"images-{row[5]:03}", row[6]] for row in rows]
    write_csv(folder / "manifest.csv", ["sample", "group", "path", "content", "kind", "shard", "row"], rows)
    write_json(folder / "canvas.json", {"size": SIZE, "background": "#808080", "fit": "pad"})
    return folder
