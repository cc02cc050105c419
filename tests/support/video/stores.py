"""A tiny clip store, written without decoding."""

from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv, write_json
from tailwise.core.heads import Head

HEADS = (Head("action", ("Holding", "Dive")), Head("severity", ("No offence", "No card", "Red card")))
WINDOW = {"centre": 9, "stride": 2, "frames": 4, "margin": 1, "height": 32, "width": 48}


def write_store(folder: Path, split: str = "train", seed: int = 0) -> Path:
    """A split of 12 samples with 1 to 3 views; an action is bright or dark."""
    rng, rows, frames = np.random.default_rng(seed), [], []
    for i in range(12):
        for view in range(1 + i % 3):
            labels = HEADS[0].classes[i % 2], HEADS[1].classes[i % 3]
            rows.append([f"{split}/{i}", view, "match", *labels, "x", len(frames)])
            frames.append(rng.integers(0, 90, (6, 32, 48, 3)) + 150 * (i % 2))
    write_csv(folder / "manifest.csv", ["sample", "view", "group", "action", "severity", "shard", "row"], rows)
    write_json(folder / "window.json", WINDOW)
    np.save(folder / "x.npy", np.array(frames, np.uint8))
    return folder
