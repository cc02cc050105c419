"""Film strips of clips whose features a split has. Does not import torch."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tailwise.core.files import read_csv
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.facts import Facts, read_facts
from tailwise.data.video.strips import strip

THUMBNAIL = 32
"""Pixels a side."""
GREY = np.full((1, 1, 3), 128, np.uint8)


def strips(split: Path, samples: Sequence[str]) -> list[dict[str, Any]]:
    """{"sample", "strip"} of each sample of a split of features; see `strip_of`."""
    paths = {row["sample"]: row["path"] for row in read_csv(split / "manifest.csv")}
    facts = read_facts(split)
    return [{"sample": sample, "strip": strip_of(facts, paths[sample])} for sample in samples]


def strip_of(facts: Facts, path: str) -> str:
    """The frames that the streams saw; "" where the clip cannot be read any more. path: below the data root"""
    frames = frames_of(facts, path)
    return "" if frames is None else strip(frames)


def frames_of(facts: Facts, path: str) -> np.ndarray | None:
    """(T, H, W, 3) uint8: of several views the first; None where the clip cannot be read any more."""
    try:
        frames = decode_clip(RawFile(Path(facts.root), path), Spread(**facts.cut))[0]
    except ClipError:
        return None
    return facts.looks.for_test(frames)[0] if facts.looks else frames


def thumbnails(split: Path, samples: Sequence[str]) -> list[str]:
    """The middle frame of each sample of a split of features; a grey one where the clip cannot be read any more."""
    paths = {row["sample"]: row["path"] for row in read_csv(split / "manifest.csv")}
    facts = read_facts(split)
    every = {sample: frames_of(facts, paths[sample]) for sample in dict.fromkeys(samples)}
    made = {sample: thumbnail(GREY if frames is None else frames[len(frames) // 2]) for sample, frames in every.items()}
    return [made[sample] for sample in samples]


def thumbnail(frame: np.ndarray) -> str:
    """A frame (H, W, 3) uint8 as a WebP image in a data URI."""
    data = io.BytesIO()
    Image.fromarray(frame).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX).save(data, "WEBP", quality=50)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode()
