"""Valid files: a split, a clip, model weights, the inputs of `stages/train.py`, backbone weights."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from torchvision.models import get_model

from support.training.trained import HEADS, WINDOW, film_split, store_of, trained
from support.video.filming import write_clip
from tailwise.recipes.fouls.demo.pack import pack

VIEWS = {"0": 1, "1": 2}
SMALL = replace(WINDOW, centre=9, stride=1, frames=8)
"""A window that S3D, the smallest net of torchvision, takes."""


def make(folder: Path) -> None:
    split = film_split(folder, VIEWS)
    store_of(split, VIEWS, folder / "store" / "tiny")
    store_of(split, VIEWS, folder / "store" / "s3d", SMALL)
    trained(folder / "store" / "tiny", folder / "w.safetensors")
    (folder / "heads.json").write_text(json.dumps({head.name: head.classes for head in HEADS}))
    torch.manual_seed(0)
    torch.save(get_model("s3d", weights=None).state_dict(), folder / "s3d.pth")
    pack(split)
    write_clip(folder / "clip.mp4")
