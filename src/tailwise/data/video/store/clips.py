"""Samples of several views, read from the clip store."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head

DEFAULTS = {"unit": "frames", "short": "refuse"}


class Split:
    """What the manifest of a prepared split says of its samples, without the contents of their views.

    folder: contains manifest.csv (one row per view) and window.json
    window: the decoding window without its margin: {"centre", "stride", "frames", "height", "width"}, and "unit" and
        "short" where they differ from DEFAULTS
    """

    def __init__(self, folder: Path, heads: tuple[Head, ...]):
        self.folder, self.heads = folder, heads
        window = read_json(folder / "window.json")
        views = views_by_sample(folder / "manifest.csv")
        self.names, self._views = list(views), list(views.values())
        self.window = {name: window[name] for name in ("centre", "stride", "frames", "height", "width")}
        optional = {name: window.get(name, default) for name, default in DEFAULTS.items()}
        self.window |= {name: value for name, value in optional.items() if value != DEFAULTS[name]}
        self._labels = {head.name: self._class_ids(head) for head in heads}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, height and width of every view, without the margin."""
        return self.window["frames"], self.window["height"], self.window["width"]

    @property
    def most_views(self) -> int:
        """Maximum number of views of a sample."""
        return max(map(len, self._views))

    def __len__(self) -> int:
        return len(self.names)

    def labels(self, head: str) -> np.ndarray:
        return self._labels[head]

    def targets(self, index: np.ndarray) -> dict[str, torch.Tensor]:
        """The class ids of these samples, (B,) each."""
        return {name: torch.from_numpy(ids[index]) for name, ids in self._labels.items()}

    def groups(self) -> Sequence[str]:
        return [views[0]["group"] for views in self._views]

    def _class_ids(self, head: Head) -> np.ndarray:
        try:
            return np.array([head.id(views[0][head.name]) for views in self._views], np.int64)
        except (KeyError, ValueError) as error:
            raise UserError(f"{self.folder}/manifest.csv: column {head.name}: {error}") from error


class Clips(Split):
    """Dataset over one split of the clip store. A sample is the frames of its views and its class ids.

    folder: also contains the shards that the manifest names
    with_margin: also return the extra frames on either side, for temporal augmentation
    Shards are memory-mapped, so memory does not grow with the size of the store.
    """

    def __init__(self, folder: Path, heads: tuple[Head, ...], with_margin: bool = False):
        super().__init__(folder, heads)
        margin = read_json(folder / "window.json")["margin"]
        self.margin = margin if with_margin else 0
        self._kept = slice(margin - self.margin, margin + self.window["frames"] + self.margin)
        self._shards: dict[str, np.ndarray] = {}

    def __getitem__(self, i: int) -> tuple[int, list[np.ndarray]]:
        """The sample's index, and the frames of each view (T, H, W, 3) uint8; T is frames + 2 * self.margin."""
        return i, [self._shard(view["shard"])[int(view["row"])][self._kept] for view in self._views[i]]

    def collate(self, items: list[tuple[int, list[np.ndarray]]]) -> Batch:
        """clips (B, V, T, H, W, 3) uint8 and mask (B, V) bool, True for existing views."""
        most = max(len(views) for _, views in items)
        clips = np.zeros((len(items), most, *items[0][1][0].shape), np.uint8)
        mask = np.zeros((len(items), most), bool)
        for row, (_, views) in enumerate(items):
            mask[row, : len(views)] = True
            for column, frames in enumerate(views):
                clips[row, column] = frames
        index = np.array([i for i, _ in items])
        inputs = {"clips": torch.from_numpy(clips), "mask": torch.from_numpy(mask)}
        return Batch(inputs, self.targets(index), torch.from_numpy(index))

    def _shard(self, name: str) -> np.ndarray:
        if name not in self._shards:
            self._shards[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return self._shards[name]


def views_by_sample(manifest: Path) -> dict[str, list[dict[str, str]]]:
    """{sample: rows of its views}, both in file order. Does not import pandas, which training does not need."""
    samples: dict[str, list[dict[str, str]]] = {}
    for row in read_csv(manifest):
        samples.setdefault(row["sample"], []).append(row)
    return samples
