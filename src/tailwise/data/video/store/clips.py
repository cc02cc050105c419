"""Samples of several views, read from the clip store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head

CUT = ("centre", "stride", "frames", "height", "width")
"""What window.json says of the frames; those that are spread over a whole clip have no centre and no stride."""
DEFAULTS = {"unit": "frames", "short": "refuse"}

Row = dict[str, str]
"""A view's line of the manifest."""


def column_of(row: Row, head: Head) -> str:
    """The cell of the column with the head's name."""
    return row[head.name]


@dataclass(frozen=True)
class Columns:
    """How the lines of a manifest are read; a column that is missing is a KeyError, a wrong cell a ValueError.

    label(row, head): the class name, "" for none; from the first view of a sample
    metadata(row): ids (K,) of what is known of the view, which the model is given; None: it is given nothing
    """

    label: Callable[[Row, Head], str] = column_of
    metadata: Callable[[Row], list[int]] | None = None


PLAIN_COLUMNS = Columns()


class Split:
    """What the manifest of a prepared split says of its samples, without the contents of their views.

    folder: contains manifest.csv (one row per view) and window.json
    window: the decoding window without its margin, see CUT, and "unit" and
        "short" where they differ from DEFAULTS
    """

    def __init__(self, folder: Path, heads: tuple[Head, ...], columns: Columns = PLAIN_COLUMNS):
        self.folder, self.heads, self.columns = folder, heads, columns
        window = read_json(folder / "window.json")
        views = views_by_sample(folder / "manifest.csv")
        self.names, self._views = list(views), list(views.values())
        self.window = {name: window[name] for name in CUT if name in window}
        optional = {name: window.get(name, default) for name, default in DEFAULTS.items()}
        self.window |= {name: value for name, value in optional.items() if value != DEFAULTS[name]}
        self._labels = {head.name: self._class_ids(head) for head in heads}
        self._metadata = self._metadata_ids() if columns.metadata else None

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

    def metadata(self, index: np.ndarray, views: int) -> dict[str, torch.Tensor]:
        """{"metadata": ids (B, views, K) int64, 0 for padding}; {} where the model is given none."""
        if self._metadata is None:
            return {}
        return {"metadata": torch.from_numpy(self._metadata[index, :views])}

    def groups(self) -> Sequence[str]:
        return [views[0]["group"] for views in self._views]

    def _class_ids(self, head: Head) -> np.ndarray:
        try:
            return np.array([head.id(self.columns.label(views[0], head)) for views in self._views], np.int64)
        except (KeyError, ValueError) as error:
            raise UserError(f"{self.folder}/manifest.csv: column {head.name}: {error}") from error

    def _metadata_ids(self) -> np.ndarray:
        """(N, most views, K) int64"""
        assert self.columns.metadata is not None
        try:
            of_views = [[self.columns.metadata(row) for row in views] for views in self._views]
        except (KeyError, ValueError) as error:
            raise UserError(f"{self.folder}/manifest.csv: column {error}") from error
        found = np.zeros((len(of_views), self.most_views, len(of_views[0][0])), np.int64)
        for ids, views in zip(found, of_views):
            ids[: len(views)] = views
        return found


class Clips(Split):
    """Dataset over one split of the clip store. A sample is the frames of its views and its class ids.

    folder: also contains the shards that the manifest names
    with_margin: also return the extra frames on either side, for temporal augmentation
    Shards are memory-mapped, so memory does not grow with the size of the store.
    """

    def __init__(
        self, folder: Path, heads: tuple[Head, ...], with_margin: bool = False, columns: Columns = PLAIN_COLUMNS
    ):
        super().__init__(folder, heads, columns)
        margin = read_json(folder / "window.json").get("margin", 0)
        self.margin = margin if with_margin else 0
        self._kept = slice(margin - self.margin, margin + self.window["frames"] + self.margin)
        self._shards: dict[str, np.ndarray] = {}

    def __getitem__(self, i: int) -> tuple[int, list[np.ndarray]]:
        """The sample's index, and the frames of each view (T, H, W, 3) uint8; T is frames + 2 * self.margin."""
        return i, [self._shard(view["shard"])[int(view["row"])][self._kept] for view in self._views[i]]

    def collate(self, items: list[tuple[int, list[np.ndarray]]]) -> Batch:
        """clips (B, V, T, H, W, 3) uint8 and mask (B, V) bool, True for existing views; see also `metadata`."""
        most = max(len(views) for _, views in items)
        clips = np.zeros((len(items), most, *items[0][1][0].shape), np.uint8)
        mask = np.zeros((len(items), most), bool)
        for row, (_, views) in enumerate(items):
            mask[row, : len(views)] = True
            for column, frames in enumerate(views):
                clips[row, column] = frames
        index = np.array([i for i, _ in items])
        inputs = {"clips": torch.from_numpy(clips), "mask": torch.from_numpy(mask), **self.metadata(index, most)}
        return Batch(inputs, self.targets(index), torch.from_numpy(index))

    def _shard(self, name: str) -> np.ndarray:
        if name not in self._shards:
            self._shards[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return self._shards[name]


def views_by_sample(manifest: Path) -> dict[str, list[Row]]:
    """{sample: rows of its views}, both in file order. Does not import pandas, which training does not need."""
    samples: dict[str, list[Row]] = {}
    for row in read_csv(manifest):
        samples.setdefault(row["sample"], []).append(row)
    return samples
