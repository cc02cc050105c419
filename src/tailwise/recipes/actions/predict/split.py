"""The raw clips of a split of features, with their labels, as the model of a weights file takes them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.facts import Facts
from tailwise.data.video.store.tokens import Tokens


def read_split(heads: tuple[Head, ...], split: Path, size: int) -> Iterator[Batch]:
    """clips (B, T, H, W, 3) uint8, or (B, V, T, H, W, 3) of several views, in batches of `size`.

    split: a folder of features, whose clips are decoded again. UserError for a clip that cannot be read any more.
    """
    tokens = Tokens(split, heads)
    for start in range(0, len(tokens), size):
        index = np.arange(start, min(start + size, len(tokens)))
        clips = np.stack([frames_of(tokens.facts, tokens.rows[i]) for i in index.tolist()])
        targets = {head.name: torch.from_numpy(tokens.labels(head.name)[index]) for head in heads}
        yield Batch({"clips": torch.from_numpy(clips)}, targets, torch.from_numpy(index))


def frames_of(facts: Facts, row: Mapping[str, str]) -> np.ndarray:
    """A clip as `read_samples` gives it. row: of the split's manifest"""
    try:
        frames = decode_clip(RawFile(Path(facts.root), row["path"]), Spread(**facts.cut))[0]
    except ClipError as reason:
        raise UserError(f"{facts.root}/{row['path']}: cannot be read any more: {reason}") from reason
    return facts.looks.for_test(frames) if facts.looks else frames
