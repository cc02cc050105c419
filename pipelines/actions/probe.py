"""Check the demo for shortcuts: what can be told of a clip's class without the order of its frames.

Makes the demo anew with balanced classes and another seed, and prints what share of the official validation split's
classes is told (macro recall) by classifiers that see less and less, next to the limit that a demo without shortcuts
keeps; half-way is between chance (1 / classes) and the reference:

    all frames      a small 3-D convolution net on 12 frames of 64x48 pixels: the reference
    any order       the same net on the same frames, shuffled: at least 0.30 below the reference
    single frame    the same net on the middle frame, repeated: at most half-way
    mean colour     of all frames and its deviation over them: at most half-way
    file            size in bytes and number of frames: within 0.05 of chance

Both classes of a pair show the same frames, so nothing that is blind to order can be right more often than half of the
time. Exits with 1 if a limit is missed. In this folder:

    PYTHONPATH=../../src python3 probe.py
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from torch import nn

from tailwise.core.params.config import read_params, section
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread
from tailwise.metrics.confusion import confusion, macro, recall
from tailwise.models.video.tiny import Tiny, TinyBackbone
from tailwise.recipes.actions.clips.labels import mirror_ids
from tailwise.recipes.actions.demo import Demo, make_demo
from tailwise.recipes.actions.readers.ssv2 import HEAD, Ssv2

CUT = Spread(12, 48, 64)
TRAIN, VALIDATION = 36, 12
"""Clips of each class."""
BATCH, LR, WIDTH, DROPOUT, SHIFT = 16, 6e-3, 16, 0.3, 4
LOST, NEAR_CHANCE = 0.30, 0.05
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Frames (T, H, W, 3) to others of the same shape."""


@dataclass(frozen=True, eq=False)
class Clips:
    """frames: (N, T, H, W, 3) uint8; files: (N, 2) bytes and frames of the file; labels: (N,) class ids"""

    frames: np.ndarray
    files: np.ndarray
    labels: np.ndarray


def read_clips(root: Path, classes: tuple[str, ...], rows: list[dict[str, str]]) -> Clips:
    raw = [RawFile(root, row["path"]) for row in rows]
    decoded = [decode_clip(file, CUT) for file in raw]
    files = [[file.size(), facts.frames] for file, (_, facts) in zip(raw, decoded)]
    labels = [classes.index(row[HEAD]) for row in rows]
    return Clips(np.stack([frames for frames, _ in decoded]), np.array(files, float), np.array(labels))


def made(demo: Demo, root: Path) -> tuple[Clips, Clips, tuple[str, ...]]:
    """Training and validation clips of a demo that is made in this folder, without its faulty files."""
    make_demo(demo, root, 1)
    index = Ssv2("ssv2", valid=0.01).read(root)
    rows = {split: table.to_dict("records") for split, table in index.rows.items()}
    whole = [row for row in rows["train"] if row["content"] and is_whole(root, row["path"])]
    classes = index.heads[HEAD]
    return read_clips(root, classes, whole), read_clips(root, classes, rows["test"]), classes


def is_whole(root: Path, path: str) -> bool:
    from tailwise.data.video.decode.container import ClipError

    try:
        decode_clip(RawFile(root, path), Spread(1, 8, 8))
    except ClipError:
        return False
    return True


class Net(nn.Module):
    """The tiny backbone with its time axis kept: what happens early and late is told apart."""

    def __init__(self, classes: int):
        super().__init__()
        tiny = Tiny("tiny", WIDTH, motion="differences", residual=True, norm="batch")
        self.backbone: TinyBackbone = tiny.build((CUT.frames, CUT.height, CUT.width))
        self.head = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(3 * self.backbone.dim, classes))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        seen, moved = self.backbone._embed_patches(clips).chunk(2, dim=-1)
        x = torch.cat([seen, 3.0 * self.backbone.motion(moved)], dim=-1).relu().permute(0, 4, 1, 2, 3)
        return self.head(self.backbone.layers(x).mean(dim=(3, 4)).flatten(1))


def augmented(frames: np.ndarray, labels: np.ndarray, mirror: np.ndarray, rng: np.random.Generator):
    """Mirrored half of the time, with the labels of mirror images; shifted, and in another light."""
    frames, labels = frames.copy(), labels.copy()
    flip = rng.random(len(frames)) < 0.5
    frames[flip], labels[flip] = frames[flip][:, :, :, ::-1], mirror[labels[flip]]
    shifts = rng.integers(-SHIFT, SHIFT + 1, (len(frames), 2)).tolist()
    moved = np.stack([np.roll(clip, shift, (1, 2)) for clip, shift in zip(frames, shifts)])
    return np.clip(moved * rng.uniform(0.8, 1.2, (len(frames), 1, 1, 1, 3)), 0, 255), labels


def net_recall(train: Clips, valid: Clips, classes: tuple[str, ...], change: Change, epochs: int) -> float:
    """Macro recall on the validation clips of a net trained and tested on changed frames."""
    torch.manual_seed(0)
    rng, fixed, mirror = np.random.default_rng(0), np.random.default_rng(1), mirror_ids(classes)
    net = Net(len(classes))
    steps = epochs * (len(train.labels) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), LR, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=steps + 1)
    for _ in range(epochs):
        order = rng.permutation(len(train.labels))[: steps // epochs * BATCH].reshape(-1, BATCH)
        for chosen in order:
            frames, labels = augmented(train.frames[chosen], train.labels[chosen], mirror, rng)
            changed = torch.from_numpy(np.stack([change(clip, rng) for clip in frames])).float()
            loss = nn.functional.cross_entropy(net(changed), torch.from_numpy(labels))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    asked = torch.from_numpy(np.stack([change(clip, fixed) for clip in valid.frames])).float()
    with torch.no_grad():
        found = torch.cat([net(part) for part in asked.split(32)]).argmax(dim=1).numpy()
    return macro(recall(confusion(valid.labels, found, len(classes))))


def forest_recall(train: np.ndarray, known: np.ndarray, asked: np.ndarray, truth: np.ndarray, classes: int) -> float:
    forest = RandomForestClassifier(300, min_samples_leaf=3, random_state=0).fit(train, known)
    return macro(recall(confusion(truth, forest.predict(asked), classes)))


def colours(clips: Clips) -> np.ndarray:
    """(N, 6): mean red, green and blue of a clip, and the deviations of its frames' means."""
    means = clips.frames.mean(axis=(2, 3))
    return np.concatenate([means.mean(axis=1), means.std(axis=1)], axis=1)


def shuffled(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return frames[rng.permutation(len(frames))]


def middle(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.repeat(frames[len(frames) // 2][None], len(frames), axis=0)


NETS: dict[str, Change] = {"all frames": lambda frames, rng: frames, "any order": shuffled, "single frame": middle}


@dataclass(frozen=True)
class Probed:
    """Macro recall of each probe. chance: 1 / classes"""

    found: dict[str, float]
    chance: float

    def most(self, name: str) -> float:
        """The limit of a probe; 1 for the reference."""
        full = self.found["all frames"]
        halfway = (self.chance + full) / 2
        limits = {"any order": full - LOST, "single frame": halfway, "mean colour": halfway}
        return {**limits, "all frames": 1.0, "file": self.chance + NEAR_CHANCE}[name]

    def told(self) -> bool:
        """Print a line for each probe; whether all limits are kept."""
        for name, value in self.found.items():
            most = self.most(name)
            print(f"{name:<14}{value:.3f}  at most {most:.3f}: {'kept' if value <= most else 'MISSED'}", flush=True)
        return all(value <= self.most(name) for name, value in self.found.items())


def probe(demo: Demo, epochs: int) -> Probed:
    """The macro recall of all probes on a demo that is made anew."""
    with tempfile.TemporaryDirectory() as folder:
        train, valid, classes = made(demo, Path(folder))
    found = {name: net_recall(train, valid, classes, change, epochs) for name, change in NETS.items()}
    pairs = {"mean colour": (colours(train), colours(valid)), "file": (train.files, valid.files)}
    for name, (known, asked) in pairs.items():
        found[name] = forest_recall(known, train.labels, asked, valid.labels, len(classes))
    return Probed(found, 1 / len(classes))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--train", type=int, default=TRAIN, help="clips of each class")
    args = parser.parse_args()
    torch.set_num_threads(1)
    demo = section(read_params(), "demo", Demo)
    demo = replace(demo, seed=demo.seed + 1, train=args.train, imbalance=1.0, validation=VALIDATION, test=1)
    sys.exit(not probe(demo, args.epochs).told())


if __name__ == "__main__":
    main()
