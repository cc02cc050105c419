"""One stream's features of the clips of a shard, kept in a cache by everything that determines them."""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.data.augment.streams import uniform
from tailwise.data.shards.cache import Finished, hash_of
from tailwise.data.shards.rows import RowFile
from tailwise.data.video import views
from tailwise.data.video.augment.clips import Allowed, augment_clips
from tailwise.data.video.augment.draws import draw
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.store.shards import Shard
from tailwise.models.frozen.streams import FrozenStreams, pooled
from tailwise.recipes.actions.features.options import Features

VIEW_STREAM = 37
"""What is added to a pass's key to draw its view."""
LARGEST = float(np.finfo(np.float16).max)


@functools.cache
def code_hash() -> str:
    """Of the code here that determines features, besides the streams', whose digest is a fact of its own."""
    return hash_of([Path(__file__), Path(__file__).with_name("options.py"), Path(views.__file__)])


@dataclass(frozen=True)
class Passes:
    """What is done with each decoded clip. training: with the augmented passes"""

    how: Features
    augment: Augment
    seed: int
    training: bool

    @property
    def flipped(self) -> tuple[bool, ...]:
        return self.how.flipped(self.training)

    def facts(self) -> list:
        """What of it determines a result."""
        augmented = [asdict(self.augment), self.seed] if self.training and self.how.augment else []
        seen = [asdict(self.how.views), self.seed if self.training else 0] if self.how.views else []
        return [self.flipped, self.how.pool, self.how.augment if self.training else 0, augmented, seen]

    def clips(self, clips: torch.Tensor, contents: list[str]) -> Iterator[torch.Tensor]:
        """Each pass over clips (N, F, H, W, 3) uint8, (N, T, h, w, 3); of an evaluation split its views.

        contents: SHA-256 of each clip's file, from which draws follow
        """
        if not self.training and self.how.views:
            yield from torch.from_numpy(np.stack([self.how.views.for_test(clip) for clip in clips.numpy()], axis=1))
            return
        for number, flip in enumerate(self.flipped):
            keys = np.array([[self.seed, number, int(content[:8], 16)] for content in contents], np.int64)
            passed = self._augmented(clips, keys) if number and self.how.augment else clips
            seen = self._seen(passed, keys, number)
            yield seen.flip(3) if flip else seen

    def _augmented(self, clips: torch.Tensor, keys: np.ndarray) -> torch.Tensor:
        count, frames = clips.shape[:2]
        allowed = Allowed(np.full(count, self.how.augment), np.zeros(count, bool), np.zeros(count, bool))
        draws = draw(keys, 1, frames, self.augment)
        return augment_clips(clips[:, None], np.ones((count, 1), bool), draws, self.augment, allowed, 0)[:, 0]

    def _seen(self, clips: torch.Tensor, keys: np.ndarray, number: int) -> torch.Tensor:
        """One view of each clip: by chance but for the plain pass."""
        if not (looks := self.how.views):
            return clips
        if not number:
            return torch.from_numpy(np.stack([looks.plain(clip) for clip in clips.numpy()]))
        draws = uniform(keys, (looks.sampling.frames + 2,), VIEW_STREAM)
        return torch.from_numpy(np.stack([looks.for_training(*each) for each in zip(clips.numpy(), draws)]))


@dataclass(frozen=True)
class FeatureShard:
    """clips: the shard that is decoded; stream: its name; origin: a digest of what computes the stream"""

    clips: Shard
    stream: str
    origin: str
    passes: Passes

    def key(self) -> str:
        """Name in the cache: a hash of the decoded clips, the stream with its weights, and the passes."""
        facts = [self.clips.key(), self.stream, self.origin, self.passes.facts(), code_hash(), torch.__version__]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def compute(
    shard: FeatureShard, decoded: Finished, cache: Path, clips: Path, streams: FrozenStreams, device: torch.device
) -> Finished:
    """Write ``<key>.npy``, (rows, passes, steps, D) float16, and ``<key>.json`` to `cache`.

    decoded: the key and facts of the decoded shard, whose frames are in the folder `clips`
    """
    key, (frames_key, facts) = shard.key(), decoded
    if facts["rows"]:
        frames, names = np.load(clips / f"{frames_key}.npy", mmap_mode="r"), list(facts["rows"])
        with RowFile(cache / f"{key}.npy") as rows:
            for first in range(0, len(names), shard.passes.how.batch):
                some = slice(first, first + shard.passes.how.batch)
                contents = [shard.clips.clips[name] for name in names[some]]
                for row in _tokens(shard, torch.from_numpy(np.array(frames[some])), contents, streams, device):
                    rows.append(row)
    write_json(cache / f"{key}.json", facts)  # written last: its presence marks the array as complete
    return key, facts


def _tokens(
    shard: FeatureShard, clips: torch.Tensor, contents: list[str], streams: FrozenStreams, device: torch.device
) -> np.ndarray:
    """(N, passes, steps, D) float16; UserError for values that are not finite."""
    passes = [
        pooled(streams.tokens(shard.stream, passed.to(device)), shard.passes.how.pool).half().cpu().numpy()
        for passed in shard.passes.clips(clips, contents)
    ]
    if not all((np.abs(tokens) <= LARGEST).all() for tokens in passes):
        raise UserError(f"the {shard.stream} stream gives numbers that are not finite: are its weights whole?")
    return np.stack(passes, axis=1)
