"""A weights file as training writes it, of a small model on a clip store of real clips."""

import shutil
from pathlib import Path

import pytest
import torch

from support.fouls import foul, write_split
from support.once import once
from support.tables import table
from support.video.filming import write_clip
from tailwise.core.heads import Head
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.decode.window import Short, Window
from tailwise.data.video.store.store import Decode, build_store
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.contract.task import Task
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Simplified
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.soccernet.reader import HEADS as OFFICIAL
from tailwise.recipes.fouls.task import Config, build

WINDOW = Window(centre=9, stride=3, frames=4, margin=0, height=40, width=64)
HEADS = tuple(Head(name, classes) for name, classes in OFFICIAL.items())
CONFIG = Config(FoulModel(Simplified(0.0, "simplified"), Tiny("tiny", width=8)), Augment(0.5, 0.1, 0.1, 0))


def film_split(root: Path, views: dict[str, int], folder: str = "Valid", **annotation) -> Path:
    """A split in the official layout, views of each foul; another clip for each view."""
    write_split(root, {number: foul(clips=count, **annotation) for number, count in views.items()}, folder)
    for number, count in views.items():
        for j in range(count):
            write_clip(root / folder / f"action_{number}" / f"clip_{j}.mp4", seed=10 * int(number) + j)
    return root / folder


def store_of(
    split: Path, views: dict[str, int], folder: Path, window: Window = WINDOW, short: Short = "refuse"
) -> Path:
    rows = [
        {"sample": f"valid/{number}", "view": str(j), "group": "match", "path": f"action_{number}/clip_{j}.mp4"}
        | {"content": f"{number} {j}", "action": "Dive", "severity": "Red card"}
        for number, count in views.items()
        for j in range(count)
    ]
    build_store(split, table(rows), window, folder, folder.parent / "cache", Decode(30, 0, short), 1)
    return folder


def split_with_store(factory: pytest.TempPathFactory, views: dict[str, int], folder: Path) -> Path:
    """The split "Valid" of so many views in this folder, and its store in "store/valid": filmed once, then copied."""

    def make(place: Path) -> None:
        store_of(film_split(place, views), views, place / "store" / "valid")

    name = "split of " + " ".join(f"{number}-{count}" for number, count in views.items())
    shutil.copytree(once(factory, name, make), folder, dirs_exist_ok=True)
    return folder / "Valid"


def trained(store: Path, file: Path, heads=HEADS, seed: int = 0) -> Task:
    """The task on the store; its model's weights, drawn wide so that answers differ, are in `file`."""
    task = build(CONFIG, heads, None, store, seed=1)
    torch.manual_seed(seed)
    for name, parameter in task.model.named_parameters():
        if name.startswith("fusion"):
            torch.nn.init.normal_(parameter, std=2.0)
    write_tensors(file, task.model.state_dict(), task.spec)
    task.model.eval()
    return task
