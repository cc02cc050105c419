"""Embeddings of views, computed once: samples for training what comes after the backbone."""

from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.data.video.augment.draws import uniform
from tailwise.data.video.store.clips import PLAIN_COLUMNS, Columns, Split

PLAIN = 0
"""The pass without augmentation; those after it are augmented."""


class Features(Split):
    """One split as the embeddings of its views, in memory.

    embeddings: (rows of the manifest, passes, D), the plain pass first
    all_passes: give every pass, from which `choose_pass` takes one; without, the plain one
    """

    def __init__(
        self,
        folder: Path,
        heads: tuple[Head, ...],
        embeddings: torch.Tensor,
        all_passes: bool = False,
        columns: Columns = PLAIN_COLUMNS,
    ):
        super().__init__(folder, heads, columns)
        self.embeddings, self.all_passes = embeddings if all_passes else embeddings[:, PLAIN].contiguous(), all_passes
        self._sizes = np.array([len(views) for views in self._views])
        self._first = np.cumsum(self._sizes) - self._sizes

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, items: list[int]) -> Batch:
        """features (B, V, D), or (B, V, passes, D), 0 where no view is; mask (B, V) bool, True where there is one.

        See also `metadata`.
        """
        index = np.array(items)
        columns = np.arange(self._sizes[index].max())
        there = torch.from_numpy(columns < self._sizes[index, None])
        rows = torch.from_numpy(self._first[index, None] + columns)
        features = self.embeddings.new_zeros(*there.shape, *self.embeddings.shape[1:])
        features[there] = self.embeddings[rows[there]]
        inputs = {"features": features, "mask": there, **self.metadata(index, there.shape[1])}
        return Batch(inputs, self.targets(index), torch.from_numpy(index))


def choose_pass(features: torch.Tensor, keys: np.ndarray, strength: np.ndarray) -> torch.Tensor:
    """Each view's embedding from one pass: an augmented one by chance `strength`, each as likely, else the plain one.

    features: (B, V, passes, D); keys: (B, 4), of which alone the choice follows; strength: (B,); returns (B, V, D)
    """
    passes, dim = features.shape[2:]
    drawn = uniform(keys, (features.shape[1], 2), "pass")
    augmented = np.minimum(1 + (drawn[..., 1] * (passes - 1)).astype(np.int64), passes - 1)
    chosen = torch.from_numpy(np.where(drawn[..., 0] < strength[:, None], augmented, PLAIN)).to(features.device)
    return features.gather(2, chosen[:, :, None, None].expand(-1, -1, 1, dim)).squeeze(2)
