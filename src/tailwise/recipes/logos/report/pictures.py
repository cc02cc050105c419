"""Images for the report: the pixels that the model sees, and where it looked."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.images.dataset import Images
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.losses.image.aleatoric import UNCERTAINTY


def picture(pixels: np.ndarray) -> str:
    """Pixels (H, W, 3) uint8 as a PNG in a data URI."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def show(split: Path, heads: tuple[Head, ...], samples: Sequence[str]) -> list[dict[str, Any]]:
    """{"sample", "picture"} of each."""
    images = Images(split, heads)
    place = {name: i for i, name in enumerate(images.names)}
    return [{"sample": name, "picture": picture(images.pixels(place[name]))} for name in samples]


def explain(task: Task, sample: str, device: torch.device) -> dict[str, Any]:
    """{"picture", "path", "attention", "uncertainty"} of a sample, the last two where the model has them.

    attention: of the parts of the image, (rows, columns) from 0 to 1. The model is on `device`, in evaluation mode.
    Raises UserError if memory does not hold one image.
    """
    images = cast(Images, task.valid)
    i = list(images.names).index(sample)
    inputs = images.collate([images[i]]).to(device).inputs
    looked = catch_oom(lambda: (task.model(**inputs), cast(Any, task.model).attention_map(**inputs)))
    if looked is None:
        raise UserError(TOO_LARGE)
    outputs, attention = looked
    found: dict[str, Any] = {"picture": picture(images.pixels(i)), "path": sample}
    if attention is not None:
        found["attention"] = scaled(attention[0].cpu().numpy())
    if UNCERTAINTY in outputs:
        found["uncertainty"] = round(float(outputs[UNCERTAINTY][0, 0]), 3)
    return found


def scaled(attention: np.ndarray) -> list[list[float]]:
    """The highest weight as 1, the lowest as 0."""
    low, high = float(attention.min()), float(attention.max())
    return np.round((attention - low) / max(high - low, 1e-9), 3).tolist()
